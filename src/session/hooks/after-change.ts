import { AgentboxError } from '../../errors.ts'
import { grantKey, lastSeen, newsOf, noteSeen, type SeenPolicy } from '../../git/hooks/seen.ts'
import { fingerprint } from '../../host/fingerprint.ts'
import { readRegular } from '../../host/files.ts'
import { storeMasks } from '../../masks/stored.ts'
import { render } from '../../ui/messages.ts'
import { changedPolicy } from '../../ui/hook-words.ts'
import { ask, liveSessions } from '../registry.ts'
import { putBackCheckedOut } from '../put-back.ts'
import { shown } from '../../ui/escape.ts'
import { surveySituation } from '../situation.ts'
import { surveyFiles } from '../survey.ts'

/** A policy is no larger. */
const LARGEST = 256 * 1024

type Talk = (text: string) => void

/**
 * After git has changed the work tree: looks for secrets again, keeps the list, tells the sessions of the
 * project, and says once if the policy has changed. `checkedOut`: what git gives a post-checkout hook. Never
 * fails: what git did is done.
 */
export async function afterChange(
  env: NodeJS.ProcessEnv,
  talk: Talk,
  checkedOut: readonly string[] = [],
): Promise<void> {
  // In the box there are neither lists nor sessions, and the box itself watches.
  if (env['AGENTBOX'] === '1') return
  try {
    await refresh(env, talk, checkedOut)
  } catch (error) {
    if (error instanceof AgentboxError) talk(render(error.problem))
    else talk(`agentbox: the hook could not look: ${String(error)}\n`)
  }
}

async function refresh(env: NodeJS.ProcessEnv, talk: Talk, checkedOut: readonly string[]): Promise<void> {
  const situation = await surveySituation(env)
  const { dirs, project, loaded } = situation
  const told = tellSessions(dirs.state, project.root)
  const { masks, pending } = surveyFiles(situation)
  storeMasks(dirs.state, project.root, masks)
  const now: SeenPolicy = {
    version: 1,
    files: loaded.files.map(({ path }) => ({ path, print: printOf(path) })),
    pending: pending.map(grantKey),
  }
  const before = lastSeen(dirs.state, project.root)
  if (JSON.stringify(before) !== JSON.stringify(now)) noteSeen(dirs.state, project.root, now)
  const news = before === undefined ? undefined : newsOf(before, now, pending)
  if (news !== undefined)
    for (const line of changedPolicy(news, loaded.files, project.root)) talk(`${line}\n`)
  for (const problem of await told) talk(`agentbox  ${problem}\n`)
  // They have looked by now, and moved what they would.
  for (const path of await putBackCheckedOut(situation, checkedOut))
    talk(
      `agentbox  ${shown(path.slice(project.root.length + 1))} came with this checkout and stays; in running boxes it is read-only\n`,
    )
}

/** The file was read by the policy already; its hash for approvals would be slower than reading it again. */
function printOf(path: string): string {
  return fingerprint(readRegular(path, LARGEST) ?? Buffer.alloc(0))
}

/** They watch by themselves; being told is for the events that a watcher may lose. */
async function tellSessions(state: string, project: string): Promise<string[]> {
  const sessions = liveSessions(state).filter((session) => session.project === project)
  const answers = await Promise.all(
    sessions.map(async (session) => ({ session, answer: await ask(state, session, { do: 'rescan' }) })),
  )
  return answers.flatMap(({ session, answer }) =>
    answer.ok || answer.reason === 'it has ended'
      ? []
      : [`the session of ${session.agent} (${session.pid}) did not look for secrets again: ${answer.reason}`],
  )
}
