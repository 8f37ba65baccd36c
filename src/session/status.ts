import { trackedFiles } from '../git/tracked.ts'
import { parentOf } from '../host/paths.ts'
import type { Grant } from '../errors.ts'
import { looksSecret } from '../policy/secret-names.ts'
import type { NetworkMode, Origin, Policy, Sourced } from '../policy/types.ts'
import { hooksOf, shellOf, unboxedIn, type HookSource, type HooksState, type ShellState } from './around.ts'
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
  network: {
    mode: NetworkMode
    origin: Origin
    allow: Sourced<string>[]
    deny: Sourced<string>[]
    /** Of this machine's loopback, for the box. */
    ports: number[]
    /** Of the box's loopback, for this machine. */
    expose: number[]
    /** Hosts whose requests get a credential outside the box. */
    credentials: string[]
  }
  ssh: Sourced<'none' | 'agent'>
  env: { passed: string[]; set: string[]; withheld: string[]; secret: string[] }
  shell: ShellState
  /** Undefined where there is no repository, or git does not answer. */
  hooks: HooksState | undefined
  warnings: string[]
}

export interface Installed extends HookSource {
  helper: string
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
    network: networkOf(policy),
    ssh: policy.ssh,
    env: variablesOf(prepared),
    shell: shellOf(situation),
    hooks,
    warnings: [
      ...unboxedIn(project.root, dirs.state),
      ...prepared.plan.warnings,
      ...exposed(policy),
      ...tracked(files, project.root),
    ],
  }
}

function networkOf({ network, credentials }: Policy): Status['network'] {
  return {
    mode: network.mode.value,
    origin: network.mode.origin,
    allow: network.allow,
    deny: network.deny,
    ports: network.ports.map(({ value }) => value),
    expose: network.expose.map(({ value }) => value),
    credentials: credentials.map(({ value }) => value.host),
  }
}

function exposed({ network, ssh }: Policy): string[] {
  return [
    ...(network.mode.value === 'host'
      ? ['agents reach every service of this machine and of its network: agentbox doctor exposure']
      : []),
    ...(ssh.value === 'agent' ? ['agents can log in wherever your ssh agent can, without asking you'] : []),
  ]
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

/** The directory of the hook script that belongs to a built agentbox. */
export function hookScript(installDir: string): string {
  return `${parentOf(installDir)}/hooks/hook.sh`
}
