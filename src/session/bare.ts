import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fail } from '../errors.ts'
import { findExecutable } from '../host/executables.ts'
import { currentDir } from './situation.ts'
import { dieBySignal, watchSignals } from './signals.ts'

/** What the terminal sends to the whole group, so that the program has it already. */
const OF_THE_TERMINAL = new Set<number>([constants.signals.SIGINT, constants.signals.SIGQUIT])
/** Left to the kernel: this process stops and goes on with its group. */
const OF_JOBS = new Set<number>(
  ['SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGCONT', 'SIGWINCH'].map(
    (name) => constants.signals[name as 'SIGTSTP'],
  ),
)

/**
 * Runs a program without a box, past the shims, and waits for it. Node cannot give its place to another
 * program; where that matters the shim does (`shell/shim.sh`). Returns the exit status.
 */
export async function runBare(
  [name, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const { found } = findExecutable(name, env['PATH'] ?? '', currentDir())
  const child = spawn(found, args, { argv0: name, stdio: 'inherit', env })
  const unwatch = watchSignals((number) => {
    if (!(OF_THE_TERMINAL.has(number) && process.stdin.isTTY)) child.kill(number)
  }, OF_JOBS)
  return await new Promise<number>((resolve, reject) => {
    child.once('error', (error) => {
      unwatch()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      unwatch()
      if (signal === null) return resolve(code ?? 1)
      dieBySignal(constants.signals[signal])
      resolve(128 + constants.signals[signal])
    })
  }).catch((error: NodeJS.ErrnoException) =>
    fail({ code: 'command-not-runnable', path: found, reason: error.message }, error),
  )
}
