import { writeFileSync } from 'node:fs'
import { makeDirs } from '../host/make-dirs.ts'
import { fsPath } from '../host/bytes.ts'
import { lstatOf } from '../host/files.ts'
import { parentOf } from '../host/paths.ts'

/**
 * What the user has been told of, by time: for a policy at `/a/b/.agentboxrc` a file `<state>/told/a/b/.agentboxrc`,
 * which a shell can compare with the policy (`-nt`) without starting anything. Only what is said hangs on
 * it; what holds is decided at the launch, by content.
 */
export type Told = 'never' | 'before' | 'already'

export function toldOf(state: string, policy: string): Told {
  const stamp = lstatOf(`${state}/told${policy}`)
  if (stamp === undefined) return 'never'
  const now = lstatOf(policy)
  return now !== undefined && now.mtimeMs > stamp.mtimeMs ? 'before' : 'already'
}

export function noteTold(state: string, policy: string): void {
  const stamp = `${state}/told${policy}`
  try {
    makeDirs(parentOf(stamp), 0o700)
    writeFileSync(fsPath(stamp), '', { mode: 0o600 })
  } catch {
    // The shell notices that the file is not there, and is silent for the rest of its life.
  }
}
