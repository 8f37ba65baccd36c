import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { toBytes } from '../host/bytes.ts'
import { readRegular } from '../host/files.ts'
import type { Mask } from './types.ts'

/** What is masked in a project, as the last look found it; without any content. */
export interface StoredMasks {
  version: 1
  project: string
  masks: Pick<Mask, 'path' | 'entry' | 'reason'>[]
}

const LIMIT = 64 * 1024 * 1024

/** The file `<state>/lists/<name of the project>`: read by status and by the hooks, never by a launch. */
function placeOf(state: string, project: string): string {
  return `${state}/lists/${createHash('sha256').update(toBytes(project)).digest('hex').slice(0, 32)}.json`
}

export function storedMasks(state: string, project: string): StoredMasks | undefined {
  try {
    const stored = JSON.parse(
      readRegular(placeOf(state, project), LIMIT)?.toString('utf8') ?? '',
    ) as StoredMasks
    return stored.version === 1 && stored.project === project ? stored : undefined
  } catch {
    return undefined
  }
}

/** Replaces the list in one step; returns whether it is another one than before. */
export function storeMasks(state: string, project: string, masks: readonly Mask[]): boolean {
  const stored: StoredMasks = {
    version: 1,
    project,
    masks: masks.map(({ path, entry, reason }) => ({ path, entry, reason })),
  }
  const text = `${JSON.stringify(stored)}\n`
  const place = placeOf(state, project)
  if (readRegular(place, LIMIT)?.toString('utf8') === text) return false
  mkdirSync(`${state}/lists`, { recursive: true, mode: 0o700 })
  const temporary = `${place}.${process.pid}`
  writeFileSync(temporary, text, { mode: 0o600 })
  renameSync(temporary, place)
  return true
}
