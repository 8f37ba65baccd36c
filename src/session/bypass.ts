import { boxWanted } from '../config/boxed.ts'
import { ownPolicy } from '../config/own.ts'
import { fail } from '../errors.ts'
import { agentboxDirs } from '../host/dirs.ts'
import { readHostFacts } from '../host/facts.ts'
import { parentOf } from '../host/paths.ts'
import { startTimeOf } from '../host/processes.ts'
import { openJournal } from './journal.ts'
import { currentDir, projectOf } from './situation.ts'

export const wantsBypass = (env: NodeJS.ProcessEnv): boolean => env['AGENTBOX_BYPASS'] === '1'

/**
 * Where a box is wanted: notes that a command goes without and returns why it would be in one. Fails under
 * `bypass: never`, and with any problem of the user's own configuration, for who knows what that says.
 * `asked`: a box was asked for by name, so it is wanted wherever this is.
 * The repository's policy has no say here, and need not be valid.
 */
export async function permitBypass(
  env: NodeJS.ProcessEnv,
  command: readonly string[],
  asked = false,
): Promise<string | undefined> {
  const facts = readHostFacts(env)
  const { state } = agentboxDirs(env, facts.home)
  const wanted = boxWanted(currentDir(), state) ?? (asked ? currentDir() : undefined)
  if (wanted === undefined) return undefined
  const { bypass } = await ownPolicy(env, facts.home)
  if (bypass.value === 'never') {
    const { file, line, column } = bypass.origin
    const place = file === undefined ? undefined : { file, line, column }
    fail({ code: 'bypass-refused', command: [...command], place })
  }
  const journal = openJournal(state, `${process.pid}-${startTimeOf(process.pid) ?? 0}-0`, facts.uid)
  journal.record({ kind: 'bypassed', project: projectOr(env, wanted), command: [...command], wanted })
  journal.close()
  return wanted
}

/** There may be no project to speak of: two policies in one directory, say. */
function projectOr(env: NodeJS.ProcessEnv, wanted: string): string {
  try {
    return projectOf(env)
  } catch {
    return parentOf(wanted)
  }
}
