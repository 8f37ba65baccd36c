import { mkdirSync } from 'node:fs'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { bwrapOptions, MOST_OPTIONS, MOST_WITH_COMMAND, type BackingFiles } from '../bwrap/argv.ts'
import { diagnose, locateBwrap } from '../host/bwrap.ts'
import { assembledProgram } from '../bwrap/seccomp/assembled.ts'
import { AgentboxError, fail } from '../errors.ts'
import { repositoryAt } from '../git/repository.ts'
import { readRegular } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import type { Project } from '../host/project.ts'
import { INIT_PATH } from '../plan/build.ts'
import type { LaunchPlan } from '../plan/ops.ts'
import { makePlaceholders } from '../protect/paths.ts'
import { watchEarly, type EarlyWatch } from './early.ts'
import { openSession, type SessionDir } from './backing.ts'
import { checkMountPoints, ensurePrivateHome, type PrivateHome } from './home.ts'
import { checkIdentities, noteIdentities } from './identity.ts'
import { collectGitConfigs, copyGitConfigs, mountGitConfigs, withGitConfigs } from './git-config.ts'
import type { ConfigNews, GitConfigs } from './git-config.ts'
import { leftoverWatch } from './git-leftovers.ts'
import { layMounts, splitPlan, type PlanParts } from './laying.ts'
import { holdLinks } from './links.ts'
import { keepReadonly } from './readonly.ts'
import { holdLimits, type HeldLimits } from './limits.ts'
import { startHelper } from './helper.ts'
import { launch, type AgentEnd } from './launcher.ts'
import { needsSockets, type Outside } from './network.ts'
import { prepare, type CommandRequest, type Prepared } from './prepare.ts'
import type { Situation } from './situation.ts'
import { serveSshAgent } from './ssh-agent.ts'
import { supervise, type Supervision } from './supervise.ts'
import type { Tally } from './tally.ts'
import { noteBefore } from './unfinished.ts'
import { collectStateFiles, keepLogins, prepareStateFiles, type StateFilesInput } from './state-files.ts'

/** What the user is told, in between. */
export interface Telling {
  begin(prepared: Prepared): void
  warn(text: string): void
  /** What happened meanwhile. */
  end(tally: Tally): void
}

/**
 * Runs a command in the box of the situation and waits for its end.
 *
 * Order matters: everything that can refuse comes first; what is written to disk (session directory,
 * private home, placeholders in `.git`) comes next; the box is built and held; what it really shows is
 * compared with the plan; only then the agent starts.
 */
export function runBoxed(...input: Parameters<typeof boxed>): Promise<AgentEnd> {
  const [{ dirs }] = input
  return boxed(...input).catch((error: unknown) => noRoom(error, dirs.state))
}

async function boxed(
  situation: Situation,
  request: CommandRequest,
  helper: string,
  tell: Telling,
  outside: Outside,
): Promise<AgentEnd> {
  const bwrap = locateBwrap()
  const { facts, dirs, project } = situation
  const session = openSession(dirs.state, facts.uid)
  const started = startHelper(helper, needsSockets(situation.policy))
  let supervision: Supervision | undefined
  let early: EarlyWatch | undefined
  let endReadonly = (): void => {}
  try {
    const prepared = prepare(situation, request, helper, `${session.path}/home`)
    const state = openState(prepared, session)
    const leftovers = leftoverWatch(project, prepared.repositories, dirs.state, session.id)
    const configs = copyGitConfigs(project, session.path)
    const { built: plan, laid } = partsOf(prepared, configs)
    const limits = holdLimits(plan, facts.uid, session.id)
    const sshAgent = serveSshAgent(prepared)
    warnOfLimits(limits, situation, tell)
    tell.begin(prepared)
    const ending = launch(started, {
      bwrap,
      bwrapArgs: optionsFor(plan, session.files),
      command: plan.argv,
      initPath: INIT_PATH,
      env: plan.env,
      seccomp: assembledProgram(facts.arch),
      data: session.data,
      limits: limits.each,
      groups: limits.groups,
      openFiles: softOpenFiles(),
      async onReady(box) {
        checkIdentities(plan, box.pid)
        await layMounts(laid, box)
        await Promise.all([mountGitConfigs(configs, box.inside), holdLinks(prepared.links, box.inside)])
        supervision = await supervise(box, prepared, { session, early: early!, warn: tell.warn, outside })
        endReadonly = keepReadonly({ box, guard: supervision.guard, paths: prepared.readonly, configs })
      },
    })
    early = watchEarly(prepared)
    noteBefore(session.path, prepared, leftovers.stood)
    let hits: string[] = []
    const endLogins = keepLogins(state)
    const end = await ending.finally(() => ((hits = limits.release()), sshAgent.close(), endLogins()))
    endReadonly()
    await supervision?.close(end)
    collectStateFiles(state)
    for (const text of [...hits, ...configNews(await collectGitConfigs(configs))]) tell.warn(text)
    tellAfterwards(supervision, project, leftovers.look(), tell)
    return checked(end, bwrap, request)
  } finally {
    early?.tracker.close()
    started.dismiss()
    session.remove()
  }
}

/** All that is written in between is the state directory's, but for a few lines in `.git`. */
function noRoom(error: unknown, state: string): never {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof AgentboxError || !['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code ?? '')) throw error
  return fail({ code: 'state-unusable', path: state, reason: message }, error)
}

function configNews({ refused, arrived }: ConfigNews): string[] {
  const some = (list: readonly string[]): string =>
    `${list.slice(0, 5).join(', ')}${list.length > 5 ? ` and ${list.length - 5} more` : ''}`
  return [
    ...(refused.length === 0
      ? []
      : [`git settings of the box that were not taken over: ${some(refused)}; docs/git.md says which are`]),
    ...(arrived.length === 0
      ? []
      : [
          `git settings that came into the repository meanwhile: look before you run git, if they are not yours: ${some(arrived)}`,
        ]),
  ]
}

function tellAfterwards(
  supervision: Supervision | undefined,
  project: Project,
  news: readonly string[],
  tell: Telling,
): void {
  const warnings = [...(supervision?.verdicts ?? []), ...news, ...afterwards(project)]
  for (const warning of warnings) tell.warn(warning)
  if (supervision !== undefined) tell.end(supervision.tally)
}

/** What nobody has asked for but the defaults is told to people only: in a container it is so at every launch. */
function warnOfLimits({ warnings }: HeldLimits, { policy }: Situation, tell: Telling): void {
  for (const { limit, text } of warnings) {
    const asked = policy.limits[limit]?.origin.layer !== 'built-in'
    if (asked || process.stderr.isTTY) tell.warn(text)
  }
}

function partsOf(prepared: Prepared, configs: GitConfigs): PlanParts {
  const plan = noteIdentities(withGitConfigs(prepared.plan, configs), writableDirs(prepared))
  return splitPlan(plan, prepared)
}

function optionsFor(plan: LaunchPlan, files: BackingFiles): string[] {
  const options = bwrapOptions(plan, files)
  if (options.length > MOST_OPTIONS) fail({ code: 'box-too-large', mounts: plan.ops.length })
  const count = plan.argv.length - 1
  if (options.length + count > MOST_WITH_COMMAND) fail({ code: 'command-too-long', count })
  return options
}

/** Node raises its own soft limit at its start; the parent still has what a bare program would inherit. */
function softOpenFiles(): number | undefined {
  const limits = readRegular(`/proc/${process.ppid}/limits`, 8192)?.toString('latin1') ?? ''
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? undefined : Number(soft)
}

/**
 * HEAD must stay writable, so an agent can make `.git` invalid and the project itself look like a bare
 * repository, whose config the next git command outside would obey.
 */
function afterwards({ root, repository }: Project): string[] {
  if (repository === undefined) return []
  const now = repositoryAt(root)
  if (now?.kind === repository.kind && now.gitDir === repository.gitDir) return []
  return [
    `.git is not what it was: do not run git in ${root} before you have looked at it and at its HEAD and config`,
  ]
}

/** What is made on disk: inert parts of git directories, and the home with what the agent has in it of the user's. */
function openState(prepared: Prepared, session: SessionDir): StateFilesInput {
  const { facts, project } = prepared.situation
  makePlaceholders(prepared.placeholders)
  const box = openHome(prepared, session)
  const state = { profile: prepared.profile, hostHome: facts.home, box, project: project.root }
  prepareStateFiles(state)
  return state
}

function openHome({ situation, home, plan }: Prepared, session: SessionDir): PrivateHome {
  const { facts, dirs, project } = situation
  const box = home ?? { home: `${session.path}/home`, notes: session.path }
  if (home === undefined) mkdirSync(box.home, { mode: 0o700 })
  else ensurePrivateHome(dirs.state, home, project.root, facts.uid)
  checkMountPoints(
    box,
    facts.home,
    plan.ops.map((op) => op.dest),
  )
  return box
}

/** Places that another box of this repository can change while this one is being built. */
function writableDirs({ situation, plan }: Prepared): string[] {
  const { project } = situation
  const dirs = plan.ops.flatMap((op) =>
    op.kind === 'bind' && op.access === 'rw' && op.source === op.dest ? [op.dest] : [],
  )
  return dirs.filter((dir) => !isWithin(dir, project.root)).concat(project.root)
}

function checked(end: AgentEnd, bwrap: string, request: CommandRequest): AgentEnd {
  if (end.kind === 'setup-failed') return diagnose(end.stderr, bwrap)
  if (end.kind !== 'exec-failed') return end
  const name = request.as ?? request.argv[0]
  const { ENOENT, ENOEXEC } = constants.errno
  if (end.errno === ENOENT) fail({ code: 'command-not-found', name })
  const reason =
    end.errno === ENOEXEC
      ? 'it is no program of this machine, and no script with a first line such as #!/bin/sh'
      : `it cannot be executed (${getSystemErrorName(-end.errno)})`
  return fail({ code: 'command-not-runnable', path: name, reason })
}
