import type { AgentProfile } from './types.ts'

/**
 * The profile on a machine whose administrator has files where it has some of its own: what the administrator set
 * stays, but for the keys that the box needs. `read` has the text of such a file. Pure.
 */
export function overlay(profile: AgentProfile, read: (path: string) => string | undefined): AgentProfile {
  const found = Object.entries(profile.managed).flatMap(([path, own]): [string, string][] => {
    const text = read(path)
    return text === undefined ? [] : [[path, overToml(own, text)]]
  })
  if (found.length === 0) return profile
  return {
    ...profile,
    managed: { ...profile.managed, ...Object.fromEntries(found) },
    overlaid: found.map(([path]) => path),
  }
}

/** TOML has a key only once, and its own before all tables: `own`, which has such keys only, goes first. */
function overToml(own: string, text: string): string {
  const lines = text.replace(/^\u{FEFF}/u, '').split(/\r?\n/)
  const table = lines.findIndex((line) => /^\s*\[/.test(line))
  const end = table === -1 ? lines.length : table
  const taken = new Set(own.split('\n').map(keyOf))
  const kept = lines.filter((line, index) => index >= end || keyOf(line) === '' || !taken.has(keyOf(line)))
  return own + kept.join('\n')
}

/** Empty where no key begins. */
function keyOf(line: string): string {
  return /^\s*(?:"([^"]+)"|'([^']+)'|([\w-]+))\s*=/.exec(line)?.slice(1).find(Boolean) ?? ''
}
