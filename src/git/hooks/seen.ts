import { renameSync, writeFileSync } from 'node:fs'
import { makeDirs } from '../../host/make-dirs.ts'
import type { Grant } from '../../errors.ts'
import { toBytes } from '../../host/bytes.ts'
import { fingerprint } from '../../host/fingerprint.ts'
import { readRegular } from '../../host/files.ts'

/** The policy as the hooks saw it last, so that a change is said once. */
export interface SeenPolicy {
  version: 1
  files: { path: string; print: string }[]
  /** Grants that were asked for and not approved. */
  pending: string[]
}

const LIMIT = 1024 * 1024

function placeOf(state: string, project: string): string {
  return `${state}/hooks/${fingerprint(toBytes(project))}.json`
}

export function lastSeen(state: string, project: string): SeenPolicy | undefined {
  try {
    const seen = JSON.parse(readRegular(placeOf(state, project), LIMIT)?.toString('utf8') ?? '') as SeenPolicy
    return seen.version === 1 ? seen : undefined
  } catch {
    return undefined
  }
}

export function noteSeen(state: string, project: string, seen: SeenPolicy): void {
  const place = placeOf(state, project)
  makeDirs(`${state}/hooks`, 0o700)
  writeFileSync(`${place}.${process.pid}`, `${JSON.stringify(seen)}\n`, { mode: 0o600 })
  renameSync(`${place}.${process.pid}`, place)
}

/** Pending grants that were not asked for before; undefined if no file of the policy has changed. */
export function newsOf(before: SeenPolicy, now: SeenPolicy, pending: readonly Grant[]): Grant[] | undefined {
  const same = (a: SeenPolicy['files'], b: SeenPolicy['files']): boolean =>
    JSON.stringify(a) === JSON.stringify(b)
  if (same(before.files, now.files)) return undefined
  return pending.filter((grant) => !before.pending.includes(grantKey(grant)))
}

export function grantKey({ kind, value, file }: Grant): string {
  return JSON.stringify([kind, value, file])
}
