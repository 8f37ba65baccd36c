import { findPolicyFiles, type RcFile } from '../config/find.ts'
import type { PolicyFlags } from '../config/flags.ts'
import { loadPolicy, type LoadedPolicy } from '../config/load.ts'
import { openTrust, type Trust } from '../config/trust.ts'
import { fail } from '../errors.ts'
import { agentboxDirs, type AgentboxDirs } from '../host/dirs.ts'
import { readHostFacts, type HostFacts } from '../host/facts.ts'
import { linkTarget } from '../host/files.ts'
import { locateProject, type Project } from '../host/project.ts'
import { isWithin, nameOf, parentOf } from '../host/paths.ts'
import type { Policy } from '../policy/types.ts'
import { noteAlways } from './always.ts'

/** Where we are and what applies here. */
export interface Situation {
  env: NodeJS.ProcessEnv
  cwd: string
  facts: HostFacts
  dirs: AgentboxDirs
  project: Project
  policy: Policy
  loaded: LoadedPolicy
  /** What the user approved and denied. */
  trust: Trust
  /** Of the command. */
  flags: PolicyFlags
  /** For the user, beside what the survey of the files warns of. */
  notes?: string[]
  /** Patterns for files that were found by their content (masks.detect); in the policy already. */
  detected?: Policy['masks']['patterns']
}

/**
 * Reads everything that decides the policy here. Changes nothing but the list that the shims read, which
 * repeats what the user's configuration says. Fails with any policy problem.
 */
export async function surveySituation(env: NodeJS.ProcessEnv, flags: PolicyFlags = {}): Promise<Situation> {
  const situation = await surveyPolicy(env, flags)
  if (!situation.policy.masks.detect.value) return situation
  // Its own bundle: whoever does not want it pays nothing for it.
  const { withDetected } = await import('./detect.ts')
  return withDetected(situation)
}

/** The same without looking into files, also where the policy wants that. */
export async function surveyPolicy(env: NodeJS.ProcessEnv, flags: PolicyFlags = {}): Promise<Situation> {
  const cwd = currentDir()
  const facts = readHostFacts(env)
  const dirs = agentboxDirs(env, facts.home)
  const files = findPolicyFiles(cwd)
  const project = locateProject({ cwd, policyDir: files[0]?.dir, home: facts.home, own: dirs })
  const trust = openTrust(dirs.state, facts.uid)
  const place = { env, cwd, facts, dirs, project, trust, flags }
  const loaded = await loadHere(place, files)
  noteAlways(dirs.state, loaded.policy, facts.uid)
  return { ...place, policy: loaded.policy, loaded }
}

/** The policy of the same place as its files and the approvals are now. Fails with any policy problem. */
export async function loadAgain(situation: Situation): Promise<LoadedPolicy> {
  const trust = openTrust(situation.dirs.state, situation.facts.uid)
  return await loadHere({ ...situation, trust }, findPolicyFiles(situation.cwd))
}

type Place = Omit<Situation, 'policy' | 'loaded'>

async function loadHere(place: Place, files: readonly RcFile[]): Promise<LoadedPolicy> {
  const { cwd, facts, project, env, trust, flags } = place
  return await loadPolicy({
    files,
    cwd,
    home: facts.home,
    project: project.root,
    env,
    trust,
    twinOf: (path) => twinOf(path, project),
    flags,
  })
}

/** The file's place in the main work tree, if this is a linked worktree of one, by git's own files. */
function twinOf(path: string, { repository }: Project): string | undefined {
  if (repository?.kind !== 'worktree' || nameOf(repository.commonDir) !== '.git') return undefined
  if (!isWithin(path, repository.workTree)) return undefined
  return `${parentOf(repository.commonDir)}${path.slice(repository.workTree.length)}`
}

/** The project here, without asking what its policy says. */
export function projectOf(env: NodeJS.ProcessEnv): string {
  return policyFilesOf(env).project
}

/** The repository's policy files here, whatever is in them. */
export function policyFilesOf(env: NodeJS.ProcessEnv): { project: string; files: string[]; trust: Trust } {
  const { home, uid } = readHostFacts(env)
  const cwd = currentDir()
  const files = findPolicyFiles(cwd)
  const dirs = agentboxDirs(env, home)
  const { root } = locateProject({ cwd, policyDir: files[0]?.dir, home, own: dirs })
  return { project: root, files: files.map(({ path }) => path), trust: openTrust(dirs.state, uid) }
}

/** Node decodes the directory as UTF-8 and loses other bytes; the kernel still has them. */
export function currentDir(): string {
  try {
    const decoded = process.cwd()
    return decoded.includes('\uFFFD') ? (linkTarget('/proc/self/cwd') ?? decoded) : decoded
  } catch (error) {
    return fail({ code: 'cwd-gone' }, error)
  }
}
