import { trackedFiles } from '../git/tracked.ts'
import type { Programs } from '../git/hooks/names.ts'
import { hookPlace } from '../git/hooks/place.ts'
import { hookStates, type HookState } from '../git/hooks/state.ts'
import { lstatOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import { unboxedAgents } from '../host/unboxed.ts'
import { parentOf } from '../host/paths.ts'
import type { Grant } from '../errors.ts'
import { agents } from '../policy/agents/index.ts'
import { looksSecret } from '../policy/secret-names.ts'
import type { NetworkMode, Origin, Sourced } from '../policy/types.ts'
import { shells } from '../shells/index.ts'
import { withoutLine } from '../shells/line.ts'
import { readStartFile } from '../shells/start-files.ts'
import { prepare, type Prepared } from './prepare.ts'
import { liveSessions, type LiveSession } from './registry.ts'
import type { Situation } from './situation.ts'
import { trustStates, type TrustState } from './trust-state.ts'

/** A path of the box, for people: `why` is a clause with the rule. */
interface Shown {
  path: string
  why: string
}

/** The box that a command would get here now, and what is around it. Nothing in it is escaped; no values. */
export interface Status {
  project: string
  policies: TrustState[]
  /** What the repository asks for and nobody approved: it is not in the box that is described. */
  pending: Grant[]
  sessions: LiveSession[]
  files: {
    granted: (Shown & { access: 'ro' | 'rw' })[]
    toolchains: string[]
    home: 'private' | 'ephemeral'
    masked: { path: string; pattern: string; origin: Origin; tracked: boolean | null }[]
    protected: Shown[]
    hidden: Shown[]
  }
  network: { mode: NetworkMode; origin: Origin; allow: Sourced<string>[]; deny: Sourced<string>[] }
  env: { passed: string[]; set: string[]; withheld: string[]; secret: string[] }
  shell: { shims: 'first' | 'late' | 'missing'; activated: { shell: string; activated: boolean }[] }
  /** Undefined where there is no repository, or git does not answer. */
  hooks: { manager: string | undefined; states: HookState[] } | undefined
  warnings: string[]
}

export interface Installed {
  helper: string
  programs: Programs
  /** Of git's hooks. */
  template: string
}

/** Reads everything; makes and changes nothing. */
export async function statusOf(situation: Situation, installed: Installed): Promise<Status> {
  const request = { argv: ['/bin/sh'] as [string], withoutGrants: true }
  const prepared = prepare(situation, request, installed.helper)
  const { policy, project, dirs } = situation
  const { pending } = prepared.survey
  const [files, hooks] = await Promise.all([filesOf(prepared), hooksOf(situation, installed)])
  return {
    project: project.root,
    policies: trustStates(situation),
    pending,
    sessions: liveSessions(dirs.state).filter((session) => session.project === project.root),
    files,
    network: {
      mode: policy.network.mode.value,
      origin: policy.network.mode.origin,
      allow: policy.network.allow,
      deny: policy.network.deny,
    },
    env: variablesOf(prepared),
    shell: shellOf(situation),
    hooks,
    warnings: [
      ...unboxedIn(project.root, dirs.state),
      ...prepared.plan.warnings,
      ...tracked(files, project.root),
    ],
  }
}

function unboxedIn(root: string, state: string): string[] {
  return unboxedAgents(state)
    .filter(({ cwd }) => isWithin(cwd, root))
    .map(
      ({ pid, agent }) => `${agent} (process ${pid}) runs here without a box: agentbox doctor unboxed shells`,
    )
}

async function filesOf({ situation, survey, plan }: Prepared): Promise<Status['files']> {
  const { project, policy, facts } = situation
  const masks = survey.masks.map(({ path }) => path)
  const known = project.repository === undefined ? new Set<string>() : await trackedFiles(project.root, masks)
  const pinned = new Set(survey.hidden.map(({ path }) => path))
  const granted = new Set(survey.grants.map(({ path }) => path))
  const inProject = (path: string): boolean => path.startsWith(`${project.root}/`)
  return {
    granted: survey.grants,
    toolchains: [...new Set(facts.toolchains.map(({ name }) => name))],
    home: policy.filesystem.home.value,
    masked: survey.masks.map(({ path, reason: { pattern, origin } }) => ({
      path,
      pattern,
      origin,
      tracked: known?.has(path) ?? null,
    })),
    protected: plan.ops.flatMap((op) =>
      op.kind === 'bind' &&
      op.access === 'ro' &&
      inProject(op.dest) &&
      !granted.has(op.dest) &&
      !pinned.has(op.dest)
        ? [{ path: op.dest, why: op.why }]
        : [],
    ),
    hidden: survey.hidden.map(({ path, why }) => ({ path, why })),
  }
}

function tracked({ masked }: Status['files'], root: string): string[] {
  return masked
    .filter((mask) => mask.tracked === true)
    .map(
      ({ path }) =>
        `${path.slice(root.length + 1)} is tracked by git: what was committed can be read from the history: agentbox doctor history`,
    )
}

function variablesOf({ plan, situation: { env } }: Prepared): Status['env'] {
  const names = Object.keys(env).filter((name) => env[name] !== undefined)
  const withheld = names.filter((name) => !(name in plan.env)).toSorted()
  return {
    passed: plan.passed.toSorted(),
    set: Object.keys(plan.env)
      .filter((name) => !plan.passed.includes(name))
      .toSorted(),
    withheld,
    secret: withheld.filter(looksSecret),
  }
}

/** Where a shell that looks for an agent by name would find it, and whether new shells would. */
function shellOf({ env, dirs, facts }: Situation): Status['shell'] {
  const own = `${dirs.data}/shims`
  const names = agents.flatMap(({ commands }) => commands)
  const holding = (env['PATH'] ?? '')
    .split(':')
    .filter((dir) => dir.startsWith('/') && names.some((name) => lstatOf(`${dir}/${name}`) !== undefined))
  const shims = holding[0] === own ? 'first' : holding.includes(own) ? 'late' : 'missing'
  const exists = (path: string): boolean => lstatOf(path) !== undefined
  const activated = shells.flatMap((shell) => {
    const files = shell.startFiles({ home: facts.home, env, exists }).map(({ path }) => path)
    if (!files.some(exists) && !(env['SHELL'] ?? '').endsWith(`/${shell.name}`)) return []
    return [{ shell: shell.name, activated: files.some(hasLine) }]
  })
  return { shims, activated }
}

function hasLine(path: string): boolean {
  try {
    const text = readStartFile(path)
    return text !== undefined && withoutLine(text) !== text
  } catch {
    return false
  }
}

async function hooksOf(
  { project, env }: Situation,
  { programs, template }: Installed,
): Promise<Status['hooks']> {
  if (project.repository === undefined || project.repository.kind === 'unverified') return undefined
  try {
    const place = await hookPlace(project.root, env)
    if (place === undefined) return undefined
    const states = await hookStates(place, template, programs)
    return { manager: place.manager?.kind, states }
  } catch {
    return undefined
  }
}

/** The directory of the hook script that belongs to a built agentbox. */
export function hookScript(installDir: string): string {
  return `${parentOf(installDir)}/hooks/hook.sh`
}
