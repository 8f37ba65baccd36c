import type { GitSetting } from './config.ts'

/**
 * What an agent changed in its own copy of the repository's git config, judged: only what cannot make git
 * outside run or send anything else than before is taken over. Pure.
 */
export interface ConfigChanges {
  /** Of branches that had no such setting. */
  taken: { key: string; value: string }[]
  /** Branches whose settings are all gone; to be removed if the branch is gone, too. */
  dropped: string[]
  /** Keys (with `=` and the value) that were changed, and are not taken over. */
  refused: string[]
}

const NAME = /^[A-Za-z0-9][\w.-]{0,99}$/
/** A branch as git allows it, and nothing that a terminal or a shell would take for something else. */
const BRANCH = /^(?!.*(?:\.\.|\/\/|@\{|\.lock(?:\/|$)))[A-Za-z0-9_][\w./#+@-]{0,199}(?<![./])$/

/** What `git sparse-checkout` sets. The file that `worktreeConfig` makes git read is judged like this one. */
const SWITCHES: ReadonlyMap<string, RegExp> = new Map([
  ['core.sparsecheckout', /^(?:true|false)$/],
  ['core.sparsecheckoutcone', /^(?:true|false)$/],
  ['index.sparse', /^(?:true|false)$/],
  ['extensions.worktreeconfig', /^true$/],
  ['core.repositoryformatversion', /^1$/],
])

/** It has one value, which a new one replaces. */
export function isSwitch(key: string): boolean {
  return SWITCHES.has(key)
}

/** `before`: what the agent was given; `now`: what the repository has, which may be newer. */
export function judgeChanges(
  before: readonly GitSetting[],
  after: readonly GitSetting[],
  now: readonly GitSetting[],
): ConfigChanges {
  const known = new Set([...before, ...now].map(textOf))
  const left = new Set(after.map(textOf))
  const changes: ConfigChanges = { taken: [], dropped: [], refused: [] }
  const remotes = new Set(
    now.flatMap(({ section }) => (section.startsWith('remote.') ? [section.slice(7)] : [])),
  )
  for (const setting of after) {
    if (known.has(textOf(setting))) continue
    const { section, key, value } = setting
    const set = now.some((one) => one.section === section && one.key === key)
    if ((!set || isSwitch(`${section}.${key}`)) && isHarmless(setting, remotes))
      changes.taken.push({ key: `${section}.${key}`, value })
    else changes.refused.push(textOf(setting))
  }
  const sections = new Set(after.map(({ section }) => section))
  for (const setting of before) {
    if (left.has(textOf(setting))) continue
    const { section } = setting
    if (section.startsWith('branch.') && !sections.has(section)) changes.dropped.push(section.slice(7))
    // A changed value is named already.
    else if (!after.some((one) => one.section === section && one.key === setting.key)) {
      changes.refused.push(`${section}.${setting.key} (removed)`)
    }
  }
  return { ...changes, dropped: [...new Set(changes.dropped)].filter((name) => BRANCH.test(name)) }
}

/**
 * Which remote branch a branch follows, and how it is brought up to date. Only remotes that are there
 * already: a new one, or an address, would send what is pushed somewhere else.
 */
function isHarmless({ section, key, value }: GitSetting, remotes: ReadonlySet<string>): boolean {
  const switched = SWITCHES.get(`${section}.${key}`)
  if (switched !== undefined) return switched.test(value)
  if (section === 'lfs' && key === 'repositoryformatversion') return /^\d$/.test(value)
  if (!section.startsWith('branch.') || !BRANCH.test(section.slice(7))) return false
  switch (key) {
    case 'remote':
    case 'pushremote':
      return value === '.' || (NAME.test(value) && remotes.has(value))
    case 'merge':
      return value.startsWith('refs/heads/') && BRANCH.test(value.slice(11))
    case 'rebase':
      return /^(?:true|false|merges)$/.test(value)
    case 'description':
      return value.length <= 4000 && /^[\n\x20-\x7e\u00a1-\u024f]*$/.test(value)
    default:
      return false
  }
}

function textOf({ section, key, value }: GitSetting): string {
  return `${section}.${key}=${value}`
}
