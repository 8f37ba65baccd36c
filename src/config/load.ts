import { AgentboxError, fail, type PolicyIssue } from '../errors.ts'
import { agentboxDirs } from '../host/dirs.ts'
import { realpathOf } from '../host/files.ts'
import { isWithin, parentOf } from '../host/paths.ts'
import { agentPlaces } from '../policy/agents/places.ts'
import type { RcFile } from './find.ts'
import { flagLayer, type PolicyFlags } from './flags.ts'
import { approvalsFrom } from './approvals.ts'
import { isOwn } from './context.ts'
import { noApprovals, type Approvals } from './grants.ts'
import { resolvePolicy, type Resolved } from './layers.ts'
import { trustOf } from './own-values.ts'
import { parseWithExtended } from './repo-files.ts'
import { parsePolicy, type ParsedLayer, type PolicySource } from './parse.ts'
import { hashOf, readPolicyBytes } from './read.ts'
import type { Trust } from './trust.ts'
import { unitsOf, type PolicyUnit } from './units.ts'
import { readSystemConfig, readUserConfig } from './user-config.ts'

export interface LoadInput {
  /** From `findPolicyFiles`: outermost first. */
  files: readonly RcFile[]
  /** Absolute and resolved, as all directories here. */
  cwd: string
  home: string
  project: string
  env: Readonly<Record<string, string | undefined>>
  /** What the user approved; without it nothing is. */
  trust?: Trust | undefined
  /** Where a linked worktree's file stands in the main work tree; undefined in any other directory. */
  twinOf?: ((path: string) => string | undefined) | undefined
  flags?: PolicyFlags | undefined
}

/** A file that the policy is made of, with the hash of the very bytes that were parsed. */
export interface LoadedFile {
  path: string
  layer: 'system' | 'user' | 'repo'
  /** The policy file that extends this one, and that it is approved with. */
  under?: string | undefined
  /** Of path and bytes; computed when it is asked for. */
  readonly sha256: string
}

export interface LoadedPolicy extends Resolved {
  files: LoadedFile[]
  approvals: Approvals
  /** What an agent could change to lift a restriction of the next box: extended files and their package.json. */
  steering: string[]
  /** The repository's policy files that approvals are about, outermost first. */
  units: PolicyUnit[]
  /** The policy of the very bytes that were read, under other approvals. */
  decide(approvals: Approvals): LoadedPolicy
}

type Loaded =
  | { layer: ParsedLayer; file: LoadedFile; bytes: Buffer; steering: string[] }
  | { issues: PolicyIssue[] }

/**
 * Reads, checks and merges all that decides the policy here. Reads each file once and writes nothing.
 * Fails with `policy-ambiguous`, or with `policy-invalid` and the problems of all files together.
 */
export async function loadPolicy(input: LoadInput): Promise<LoadedPolicy> {
  const dirs = agentboxDirs(input.env, input.home)
  const loaded: Loaded[] = [await loadSystem(), await loadUser(dirs.config)].filter(
    (one) => one !== undefined,
  )
  for (const file of input.files) loaded.push(...(await loadRepo(file, input.project)))
  const issues = loaded.flatMap((one) => ('issues' in one ? one.issues : []))
  if (issues.length > 0) fail({ code: 'policy-invalid', issues })
  const good = loaded.filter((one) => 'layer' in one)
  const layers = good.map(({ layer }) => layer)
  const units = unitsOf(good)
  const resolve = {
    systemConfig: layers.find(({ layer }) => layer === 'system'),
    userConfig: layers.find(({ layer }) => layer === 'user'),
    repoLayers: layers.filter(({ layer }) => layer === 'repo'),
    flags: flagLayer(input.flags ?? {}, input.cwd),
    home: input.home,
    project: input.project,
    own: Object.values(dirs),
    ...agentState(input),
  }
  const { trust, twinOf = () => undefined } = input
  const approvals =
    trust === undefined
      ? noApprovals
      : approvalsFrom({
          trust,
          own: trustOf(layers.filter(isOwn), input.home),
          twinOf,
          hashAs: (path, as) => units.find((unit) => unit.path === path)?.sha256As(as),
        })
  const decide = (by: Approvals): LoadedPolicy => ({
    ...resolvePolicy({ ...resolve, approvals: by }),
    files: good.map(({ file }) => file),
    approvals: by,
    steering: [...new Set(good.flatMap(({ steering }) => steering))],
    units,
    decide,
  })
  return decide(approvals)
}

async function loadRepo({ path }: RcFile, project: string): Promise<Loaded[]> {
  const read = await collecting(async () => {
    const { bytes } = readPolicyBytes(path)
    return await parseWithExtended(path, bytes, project)
  })
  if ('issues' in read) return [read]
  return read.files.map(({ layer, bytes }) => ({
    layer,
    bytes,
    file: loadedFile(layer, bytes),
    steering: read.steering,
  }))
}

async function loadUser(configDir: string): Promise<Loaded | undefined> {
  return collecting(async () => {
    const file = await readUserConfig(configDir)
    return file && loadedFrom({ layer: 'user', file: file.path, dir: parentOf(file.path), bytes: file.bytes })
  })
}

async function loadSystem(): Promise<Loaded | undefined> {
  return collecting(async () => {
    const file = await readSystemConfig()
    return (
      file && loadedFrom({ layer: 'system', file: file.path, dir: parentOf(file.path), bytes: file.bytes })
    )
  })
}

async function loadedFrom(source: PolicySource): Promise<Loaded> {
  const parsed = await parsePolicy(source)
  if ('issues' in parsed) return parsed
  return {
    layer: parsed.layer,
    bytes: source.bytes,
    file: loadedFile(parsed.layer, source.bytes),
    steering: [],
  }
}

function loadedFile({ layer, file: path, under }: ParsedLayer, bytes: Buffer): LoadedFile {
  return {
    path,
    layer: layer as LoadedFile['layer'],
    ...(under === undefined ? {} : { under }),
    get sha256() {
      return hashOf(path, bytes)
    },
  }
}

/** Turns a file's failure into its issues, so that the other files' are reported with it. */
async function collecting<T>(work: () => Promise<T>): Promise<T | { issues: PolicyIssue[] }> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AgentboxError && error.problem.code === 'policy-invalid') {
      return { issues: error.problem.issues }
    }
    throw error
  }
}

/** Where a variable moved an agent's state, and the log-ins that a variable or a link put into the project. */
function agentState({ env, home, cwd, project }: LoadInput): { moved: string[]; logins: string[] } {
  const places = agentPlaces(env, home, cwd)
  const logins = places.flatMap(({ dir, logins }) => {
    const real = realpathOf(dir) ?? dir
    // Where the project is in the agent's own directory, that one's log-in is at its usual place.
    if (isWithin(project, real)) return []
    return logins.map((path) => realpathOf(path) ?? real + path.slice(dir.length))
  })
  return {
    moved: places.filter(({ moved }) => moved).map(({ dir }) => dir),
    logins: logins.filter((path) => isWithin(path, project)),
  }
}
