import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { makeDirs } from '../host/make-dirs.ts'
import { toBytes } from '../host/bytes.ts'
import { fingerprint } from '../host/fingerprint.ts'
import { readRegular } from '../host/files.ts'
import type { Mask } from './types.ts'

/** What is masked in a project, as the last look found it; without any content. */
export interface StoredMasks {
  version: 1
  project: string
  /** Milliseconds since 1970. */
  at: number
  masks: (Pick<Mask, 'path' | 'entry' | 'reason'> & { look: Mask['look']['kind'] })[]
}

/** `torn`: something else than a whole list is there. */
export type StoredState = { state: 'absent' | 'torn' } | { state: 'fresh' | 'stale'; at: number }

const LIMIT = 64 * 1024 * 1024

/** The file `<state>/lists/<name of the project>`: kept by sessions, `watch` and the git hooks, never needed by a launch. */
export function storedPath(state: string, project: string): string {
  return `${state}/lists/${fingerprint(toBytes(project))}.json`
}

/** What the member `sum` of the file holds: of all others, in their order. */
const sumOf = (stored: StoredMasks): string => fingerprint(Buffer.from(JSON.stringify(stored)))

export function storedMasks(state: string, project: string): StoredMasks | undefined {
  const found = read(state, project)
  return typeof found === 'object' ? found : undefined
}

function read(state: string, project: string): StoredMasks | 'absent' | 'torn' {
  const bytes = readRegular(storedPath(state, project), LIMIT)
  if (bytes === undefined) return 'absent'
  try {
    const { sum, ...stored } = JSON.parse(bytes.toString('utf8')) as StoredMasks & { sum: string }
    const whole = sum === sumOf(stored) && stored.version === 1 && stored.project === project
    return whole ? stored : 'torn'
  } catch {
    return 'torn'
  }
}

/** Whether the stored list says what these masks say. */
export function compareStored(state: string, project: string, masks: readonly Mask[]): StoredState {
  const stored = read(state, project)
  if (typeof stored === 'string') return { state: stored }
  const same = JSON.stringify(stored.masks) === JSON.stringify(listOf(masks))
  return { state: same ? 'fresh' : 'stale', at: stored.at }
}

const listOf = (masks: readonly Mask[]): StoredMasks['masks'] =>
  masks.map(({ path, entry, reason, look }) => ({ path, entry, reason, look: look.kind }))

/** Replaces the list in one step; returns whether it is another one than before. */
export function storeMasks(state: string, project: string, masks: readonly Mask[]): boolean {
  if (compareStored(state, project, masks).state === 'fresh') return false
  const stored: StoredMasks = { version: 1, project, at: Date.now(), masks: listOf(masks) }
  const text = `${JSON.stringify({ ...stored, sum: sumOf(stored) })}\n`
  const place = storedPath(state, project)
  makeDirs(`${state}/lists`, 0o700)
  const temporary = `${place}.${process.pid}`
  try {
    writeFileSync(temporary, text, { mode: 0o600 })
    renameSync(temporary, place)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  return true
}
