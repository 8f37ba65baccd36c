import { renameSync, writeFileSync } from 'node:fs'
import { fail } from '../errors.ts'
import { fsPath, toBytes } from '../host/bytes.ts'
import { ensurePrivateDir } from '../host/dirs.ts'
import { readRegular } from '../host/files.ts'
import type { Policy } from '../policy/types.ts'

/**
 * Writes the user's `always` directories, a line each, to `<state>/always`, where the shim reads them
 * without starting node. The policy's check keeps line breaks out of paths.
 */
export function noteAlways(state: string, policy: Policy, uid: number): void {
  const text = toBytes(policy.always.map(({ value }) => `${value}\n`).join(''))
  const path = `${state}/always`
  const present = readRegular(path, 1024 * 1024)
  if (present === undefined ? text.length === 0 : present.equals(text)) return
  ensurePrivateDir(state, uid)
  try {
    writeFileSync(fsPath(`${path}.${process.pid}`), text, { mode: 0o600 })
    renameSync(fsPath(`${path}.${process.pid}`), fsPath(path))
  } catch (error) {
    fail({ code: 'state-unusable', path, reason: (error as Error).message }, error)
  }
}
