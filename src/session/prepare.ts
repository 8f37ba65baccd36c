import { findPolicyFiles } from '../config/find.ts'
import type { PolicyFlags } from '../config/flags.ts'
import { noApprovals, pendingSubstitutions } from '../config/grants.ts'
import { loadPolicy, type LoadedPolicy } from '../config/load.ts'
import { fail, type Grant } from '../errors.ts'
import { agentboxDirs, type AgentboxDirs } from '../host/dirs.ts'
import { findExecutable, named, type Executable } from '../host/executables.ts'
import { readHostFacts, type HostFacts } from '../host/facts.ts'
import { lstatOf, realpathOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import { locateProject, type Project } from '../host/project.ts'
import { compileMatcher } from '../masks/patterns.ts'
import { scanTree, skipVendored, type ScanResult } from '../masks/scan.ts'
import { buildMasks } from '../masks/set.ts'
import type { Mask } from '../masks/types.ts'
import { buildPlan } from '../plan/build.ts'
import type { LaunchPlan } from '../plan/ops.ts'
import type { GrantedPath, HiddenPath } from '../plan/stages.ts'
import { generic } from '../policy/agents/generic.ts'
import { profileOf } from '../policy/agents/index.ts'
import { relocate } from '../policy/agents/relocate.ts'
import type { AgentProfile } from '../policy/agents/types.ts'
import type { Origin, Policy, Sourced } from '../policy/types.ts'
import { protectedPattern } from '../protect/names.ts'
import { protectPaths, type Placeholder } from '../protect/paths.ts'
import { privateHomeOf, type PrivateHome } from './home.ts'

/** Where we are and what applies here. */
export interface Situation {
  env: NodeJS.ProcessEnv
  cwd: string
  facts: HostFacts
  dirs: AgentboxDirs
  project: Project
  policy: Policy
  loaded: LoadedPolicy
}

/** Reads everything that decides the policy here, and changes nothing. Fails with any policy problem. */
export async function surveySituation(env: NodeJS.ProcessEnv, flags: PolicyFlags = {}): Promise<Situation> {
  const cwd = currentDir()
  const facts = readHostFacts(env)
  const dirs = agentboxDirs(env, facts.home)
  const files = findPolicyFiles(cwd)
  const project = locateProject({ cwd, policyDir: files[0]?.dir, home: facts.home, own: Object.values(dirs) })
  const loaded = await loadPolicy({
    files,
    cwd,
    home: facts.home,
    project: project.root,
    env,
    approvals: noApprovals,
    flags,
  })
  return { env, cwd, facts, dirs, project, policy: loaded.policy, loaded }
}

function currentDir(): string {
  try {
    return process.cwd()
  } catch (error) {
    return fail({ code: 'cwd-gone' }, error)
  }
}

/** The secrets and protected paths of the project and of what is granted, as they are now. */
export interface Survey {
  scan: ScanResult
  masks: Mask[]
  grants: GrantedPath[]
  hidden: HiddenPath[]
  /** What the repository asks for and nobody approved; nothing of it is in the policy or the masks. */
  pending: Grant[]
  warnings: string[]
}

export function surveyFiles({ policy, project, loaded }: Situation): Survey {
  const grants = grantedPaths(policy, project.root)
  const hidden = existingParts(policy.filesystem.hide, project.root).map(({ path, origin }) => ({
    path,
    directory: lstatOf(path)?.isDirectory() === true,
    why: `hidden by ${originText(origin)}`,
  }))
  const roots = [project.root, ...grants.map(({ path }) => path)]
  const matcher = compileMatcher(policy.masks)
  const interesting = new RegExp(`${matcher.interesting.source}|${protectedPattern.source}`, 'is')
  const scan = scanTree(roots, { interesting, skip: skipVendored })
  const common = { scan, matcher, project: project.root, roots, hidden: hidden.map(({ path }) => path) }
  const pending = [
    ...loaded.pending,
    ...pendingSubstitutions(policy, (path) => matcher.match(path, false) !== undefined, noApprovals),
  ]
  const { masks, warnings } = buildMasks({ ...common, policy: withoutPending(policy.masks, pending) })
  return { scan, masks, grants, hidden, pending, warnings }
}

/** The masks without substitutions that would show a secret: those need an approval. */
function withoutPending(masks: Policy['masks'], pending: readonly Grant[]): Policy['masks'] {
  const asked = new Set(pending.filter(({ kind }) => kind === 'unmask').map(({ value }) => value))
  return { ...masks, substitute: masks.substitute.filter(({ value }) => !asked.has(value.source)) }
}

export interface CommandRequest {
  /** argv of the command, argv[0] as typed. */
  argv: readonly [string, ...string[]]
  /** The name a shim stands for; argv[0] is then the absolute path that it found. */
  as?: string | undefined
  /** Go on although the repository asks for grants that nobody approved: without them. */
  withoutGrants: boolean
}

export interface Prepared {
  situation: Situation
  survey: Survey
  plan: LaunchPlan
  profile: AgentProfile
  /** Undefined if the home is for this session only. */
  home: PrivateHome | undefined
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
  if (!request.withoutGrants && survey.pending.length > 0) {
    fail({ code: 'grants-unapproved', grants: survey.pending, command: [...request.argv] })
  }
  const program = programOf(request, env, cwd)
  // A program that the repository brings gets no log-in and no key, whatever its name is.
  const own = isWithin(program.real, project.root)
  const profile = own ? generic : relocate(profileOf(program.name), env, facts.home)
  const ephemeral = policy.filesystem.home.value === 'ephemeral'
  const home = ephemeral ? undefined : privateHomeOf(dirs.state, project.root)
  const protection = protectPaths({
    project: project.root,
    repository: project.repository,
    entries: survey.scan.entries,
    readonly: existingParts(policy.filesystem.readonly, project.root).map(({ path, origin }) => ({
      path,
      why: `read-only by ${originText(origin)}`,
    })),
  })
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
    agentFiles: profile.readonly
      .map((path) => `${facts.home}/${path}`)
      .filter((path) => realpathOf(path) !== undefined),
    homeSource: home?.home ?? session,
    helper,
    warnings: [...survey.warnings, ...warningsFor(situation), ...ownProgram(own, program)],
  })
  return { situation, survey, plan, profile, home, placeholders: protection.placeholders }
}

function ownProgram(own: boolean, { name }: Executable): string[] {
  const profile = profileOf(name)
  if (!own || profile === generic) return []
  return [
    `this ${profile.name} belongs to the project, so it gets none of your ${profile.name} log-in or keys`,
  ]
}

function programOf({ argv, as }: CommandRequest, env: NodeJS.ProcessEnv, cwd: string): Executable {
  const path = env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'
  return as === undefined ? findExecutable(argv[0], path, cwd) : named(as, argv[0], path)
}

function grantedPaths({ filesystem }: Policy, project: string): GrantedPath[] {
  const of = (list: readonly Sourced<string>[], access: 'ro' | 'rw'): GrantedPath[] =>
    list.flatMap(({ value, origin }) => {
      const path = realpathOf(value)
      if (path === undefined || isWithin(path, project)) return []
      return [{ path, access, why: `granted by ${originText(origin)}` }]
    })
  const write = of(filesystem.write, 'rw')
  const writable = new Set(write.map(({ path }) => path))
  return [...of(filesystem.read, 'ro').filter(({ path }) => !writable.has(path)), ...write]
}

/** Restricted parts that exist, resolved; a link out of the project restricts nothing inside. */
function existingParts(
  list: readonly Sourced<string>[],
  project: string,
): { path: string; origin: Origin }[] {
  return list.flatMap(({ value, origin }) => {
    const path = realpathOf(value)
    return path !== undefined && path !== project && isWithin(path, project) ? [{ path, origin }] : []
  })
}

function originText({ layer, file, line }: Origin): string {
  return file === undefined ? layer : `${file}${line === undefined ? '' : `:${line}`}`
}

function warningsFor({ policy, project }: Situation): string[] {
  const out: string[] = []
  if (project.repository?.kind === 'unverified') {
    out.push('git will not work in the box: .git points to a directory that does not point back')
  }
  if (policy.limits.memory !== undefined) out.push('limits.memory is not enforced in this version')
  return out
}
