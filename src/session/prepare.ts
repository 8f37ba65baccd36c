import { fail, type Grant } from '../errors.ts'
import { findExecutable } from '../host/executables.ts'
import { gitSettingsOf } from '../host/git-user.ts'
import { lstatOf, realpathOf } from '../host/files.ts'
import { isWithin, parentOf } from '../host/paths.ts'
import { buildPlan } from '../plan/build.ts'
import type { LaunchPlan } from '../plan/ops.ts'
import type { Executable } from '../plan/program.ts'
import { generic } from '../policy/agents/generic.ts'
import { profileOf } from '../policy/agents/index.ts'
import type { AgentProfile } from '../policy/agents/types.ts'
import { matchesName } from '../policy/env.ts'
import type { Policy } from '../policy/types.ts'
import {
  protectPaths,
  type AbsentPath,
  type Placeholder,
  type ProtectedPath,
  type Protection,
} from '../protect/paths.ts'
import { agentParts } from './agent-places.ts'
import { linkedSetUp } from './set-up.ts'
import { certificatesOf } from './certificates.ts'
import type { Situation } from './situation.ts'
import { unfinishedWords } from '../ui/wording/unfinished.ts'
import { unfinishedIn, type Unfinished } from './unfinished.ts'
import { agentFiles, otherLogins, profileFor, unfollowed } from './profile.ts'
import { originText } from '../policy/origin.ts'
import { existingParts, surveyFiles, writableRoots, type Survey } from './survey.ts'
import { privateHomeOf, type PrivateHome } from './home.ts'

export interface CommandRequest {
  /** argv of the command, argv[0] as typed. */
  argv: readonly [string, ...string[]]
  /** The name a shim stands for; argv[0] is then the absolute path that it found. */
  as?: string | undefined
  /** Go on although the repository asks for grants that nobody approved: without them. */
  withoutGrants: boolean
  /** agentbox's arguments for the same without grants, where that is not `run` with this command. */
  without?: readonly string[] | undefined
}

export interface Prepared {
  situation: Situation
  survey: Survey
  plan: LaunchPlan
  profile: AgentProfile
  /** Undefined if the home is for this session only. */
  home: PrivateHome | undefined
  /** What is read-only in places that the box may write to. */
  readonly: string[]
  /** Those of it that are links, which the hand in the box sees to. */
  links: string[]
  /** See `Protection`. */
  pins: string[]
  /** See `Protection`. */
  repositories: string[]
  absent: AbsentPath[]
  /** What sessions here that were killed left undone. */
  unfinished: Unfinished[]
  placeholders: Placeholder[]
}

/** The plan for a command here. `homeSource` overrides the host directory behind the home. */
export function prepare(
  situation: Situation,
  request: CommandRequest,
  helper: string,
  session?: string,
): Prepared {
  const { facts, project, policy, cwd, env, dirs } = situation
  const survey = surveyFiles(situation)
  if (!request.withoutGrants && survey.pending.length > 0) refuseGrants(situation, survey.pending, request)
  const program = programOf(request, env, cwd)
  // A program that the repository brings gets no log-in and no key, whatever its name is.
  const own = isWithin(program.real, project.root)
  const profile = own ? generic : profileFor(program, situation)
  const ephemeral = policy.filesystem.home.value === 'ephemeral'
  const home = ephemeral ? undefined : privateHomeOf(dirs.state, project.root)
  const unfinished = unfinishedIn(dirs.state, project.root)
  const protection = protectionFor(situation, survey, helper)
  const plan = buildPlan({
    policy,
    facts,
    project,
    cwd,
    profile,
    program,
    args: request.argv.slice(1),
    hostEnv: env,
    masks: survey.masks,
    protection,
    hidden: survey.hidden,
    grants: survey.grants,
    agentFiles: agentFiles(profile, situation),
    otherLogins: otherLogins(profile, home, situation),
    certificates: certificatesOf(situation),
    sshSocket: sshSocketOf(policy, env, session),
    homeSource: home?.home ?? session,
    helper,
    warnings: [
      ...survey.warnings,
      ...unfinishedWords(unfinished, project.root),
      ...warningsFor(situation),
      ...ownProgram(own, program),
      ...unfollowed(profile),
    ],
  })
  const { links, pins, placeholders, repositories, absent } = protection
  const readonly = [...protection.readonly.map(({ path }) => path), ...links]
  const kept = { readonly, links, pins, placeholders, repositories, absent }
  return { situation, survey, plan, profile, home, ...kept, unfinished }
}

/** What is read-only, and what is moved away where it appears. */
function protectionFor(situation: Situation, survey: Survey, helper: string): Protection {
  const { project, policy } = situation
  const writable = writableRoots(project.root, survey)
  const outside = [...agentParts(situation), ...linkedSetUp(situation, writable)]
  const isThere = ({ path }: ProtectedPath): boolean => lstatOf(path) !== undefined
  return protectPaths({
    project: project.root,
    repository: project.repository,
    entries: survey.scan.entries,
    readonly: [
      ...readonlyParts(policy, project.root),
      ...steeringFiles(situation, writable),
      ...ownInstallation(helper, writable),
      ...outside.filter(isThere),
    ],
    absent: outside.filter((one) => !isThere(one)),
    grants: survey.grants,
    covered: [...survey.masks, ...survey.hidden].map(({ path }) => path),
    named: namedParts(survey, policy),
    gitSettings: gitSettingsOf(situation.env, situation.facts.home),
  })
}

const PLACES = ['hide', 'readonly', 'read', 'write'] as const

/** What a link may lead to something from that is masked, hidden, read-only or granted because of that. */
function namedParts({ masks }: Survey, { filesystem, masks: { substitute } }: Policy): string[] {
  return [
    ...masks.flatMap(({ reason }) => (reason.by === 'symlink-target' ? [reason.via!] : [])),
    ...substitute.map(({ value }) => value.target),
    ...PLACES.flatMap((key) => filesystem[key].map(({ value }) => value)),
  ]
}

/** Neither with the grants nor silently without them. */
export function refuseGrants({ trust }: Situation, grants: Grant[], request: CommandRequest): never {
  const records = grants.map(({ under, file }) => trust.recordOf(under ?? file))
  const denied = records.find((record) => record?.denied !== undefined)?.denied
  const { argv, as = argv[0] } = request
  const without = request.without ?? ['run', '--without-grants', '--', as, ...argv.slice(1)]
  return fail({ code: 'grants-unapproved', grants, without: [...without], denied })
}

/** In a session the one of `serveSshAgent`. */
function sshSocketOf(
  { ssh }: Policy,
  { SSH_AUTH_SOCK: socket }: NodeJS.ProcessEnv,
  session: string | undefined,
): string | undefined {
  if (ssh.value !== 'agent' || socket === undefined || lstatOf(socket)?.isSocket() !== true) return undefined
  return session === undefined ? socket : `${parentOf(session)}/ssh-agent`
}

function ownProgram(own: boolean, { name }: Executable): string[] {
  const profile = profileOf(name)
  if (!own || profile === generic) return []
  return [
    `this ${profile.name} belongs to the project, so it gets none of your ${profile.name} log-in or keys`,
  ]
}

function readonlyParts({ filesystem }: Policy, project: string): ProtectedPath[] {
  return existingParts(filesystem.readonly, project).map(({ path, origin }) => ({
    path,
    why: `read-only by ${originText(origin)}`,
  }))
}

/** What is said of a path that is not there is a slip of the pen, or will hold once it is. */
function missingPaths({ filesystem }: Policy, project: string): string[] {
  return (['read', 'write', 'hide', 'readonly'] as const).flatMap((key) =>
    filesystem[key]
      .filter(
        ({ value, origin }) =>
          (origin.layer === 'repo' || origin.layer === 'flag') && realpathOf(value) === undefined,
      )
      .map(({ value, origin }) => {
        const name = isWithin(value, project) ? value.slice(project.length + 1) : value
        return `filesystem.${key}: there is no ${name} (${originText(origin)})`
      }),
  )
}

/** A team's list names what not everybody has; what is asked for in the call itself is missed. */
function missingVariables({ env: { pass } }: Policy, env: NodeJS.ProcessEnv): string[] {
  const names = Object.keys(env)
  return pass
    .filter(({ value, origin }) => origin.layer === 'flag' && !names.some((name) => matchesName(name, value)))
    .map(({ value }) => `env.pass: there is no ${value} in the environment (--pass)`)
}

/** A repository's own policy is protected by its name; what it extends may be called anything. */
function steeringFiles({ loaded }: Situation, writable: readonly string[]): ProtectedPath[] {
  return loaded.steering
    .filter((path) => writable.some((dir) => isWithin(path, dir)))
    .map((path) => ({ path, why: "it is part of this repository's policy" }))
}

/** Someone working on agentbox with agentbox: what is started outside the next time. */
function ownInstallation(helper: string, writable: readonly string[]): ProtectedPath[] {
  const dist = parentOf(helper)
  return [dist, `${parentOf(dist)}/shell`]
    .filter((path) => writable.some((dir) => isWithin(path, dir)))
    .map((path) => ({ path, why: 'agentbox itself runs it' }))
}

function programOf({ argv, as }: CommandRequest, env: NodeJS.ProcessEnv, cwd: string): Executable {
  const path = env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'
  const program = findExecutable(argv[0], path, cwd)
  return as === undefined ? program : { ...program, name: as }
}

function warningsFor({ policy, project, env }: Situation): string[] {
  const out: string[] = []
  if (project.repository?.kind === 'unverified') {
    out.push('git will not work in the box: .git points to a directory that does not point back')
  }
  out.push(...missingPaths(policy, project.root), ...missingVariables(policy, env))
  const { mode } = policy.network
  if (policy.credentials.length > 0 && mode.value !== 'allow') {
    out.push(
      `credentials are added under network.mode: allow only: under ${mode.value} the agent has none of them`,
    )
  }
  return out
}
