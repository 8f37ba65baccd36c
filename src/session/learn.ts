import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { addToList, EMPTY_POLICY } from '../config/edit.ts'
import { fail } from '../errors.ts'
import { fsPath } from '../host/bytes.ts'
import { parentOf } from '../host/paths.ts'
import { entryFor } from '../network/rules/host.ts'
import { shown } from '../ui/escape.ts'
import type { Situation } from './situation.ts'

/** Asks whether what the policy refuses may be let through this once. Fails where nobody can be asked. */
export async function permitUnlisted(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return fail({ code: 'approval-needs-terminal' })
  const talk = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const text =
      'agentbox  --learn-permit: this session may reach ANY public host; what it sends there is gone.\n' +
      '          Let it, and note what it reaches? [y/N] '
    return /^y(?:es)?$/i.test((await talk.question(text)).trim())
  } finally {
    talk.close()
  }
}

/** The smallest entries that let through what was refused for not being listed. Pure. */
export function proposedEntries(wanted: Iterable<string>): string[] {
  const entries = [...wanted].map((place) => {
    const at = place.lastIndexOf(':')
    return entryFor(place.slice(0, at), Number(place.slice(at + 1)))
  })
  return [...new Set(entries)].toSorted()
}

/** What to add to the repository's policy, as a difference; for stderr. */
export async function proposal({ loaded, project }: Situation, wanted: Iterable<string>): Promise<string[]> {
  const entries = proposedEntries(wanted)
  if (entries.length === 0) return ['nothing was refused for not being listed']
  const file = loaded.files.find(({ layer }) => layer === 'repo')
  const path = file?.path ?? `${project.root}/.agentboxrc`
  const bytes = file === undefined ? Buffer.from(EMPTY_POLICY) : readFileSync(fsPath(path))
  const source = { layer: 'repo' as const, file: path, dir: parentOf(path), bytes }
  const edit = await addToList(source, ['network', 'allow'], entries)
  const command = `agentbox allow-host ${entries.join(' ')}`
  if (edit.kind === 'invalid') return [`to let through what was refused: ${command}`]
  const before = file === undefined ? '' : bytes.toString('utf8')
  return [
    `to let through what was refused, after you have looked at each: ${command}`,
    `--- ${file === undefined ? '/dev/null' : shown(path)}`,
    `+++ ${shown(path)}`,
    ...difference(before, edit.text),
  ]
}

/** The lines between the common beginning and end. Pure. */
export function difference(before: string, after: string): string[] {
  const [old, now] = [lines(before), lines(after)]
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start++
  let end = 0
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end++
  return [
    ...(start > 0 ? [` ${shown(old[start - 1]!)}`] : []),
    ...old.slice(start, old.length - end).map((line) => `-${shown(line)}`),
    ...now.slice(start, now.length - end).map((line) => `+${shown(line)}`),
  ]
}

function lines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}
