import { AgentboxError, fail, type Grant, type PolicyIssue } from '../errors.ts'
import { agentboxDirs } from '../host/dirs.ts'
import { parentOf } from '../host/paths.ts'
import { agents } from '../policy/agents/index.ts'
import type { Policy } from '../policy/types.ts'
import type { RcFile } from './find.ts'
import { flagLayer, type PolicyFlags } from './flags.ts'
import type { Approvals } from './grants.ts'
import { resolvePolicy } from './layers.ts'
import { parsePolicy, type ParsedLayer } from './parse.ts'
import { hashOf, readPolicyBytes } from './read.ts'
import { readUserConfig } from './user-config.ts'

export interface LoadInput {
  /** From `findPolicyFiles`: outermost first. */
  files: readonly RcFile[]
  /** Absolute and resolved, as all directories here. */
  cwd: string
  home: string
  project: string
  env: Readonly<Record<string, string | undefined>>
  approvals: Approvals
  flags?: PolicyFlags | undefined
}

/** A file that the policy is made of, with the hash of the very bytes that were parsed. */
export interface LoadedFile {
  path: string
  layer: 'user' | 'repo'
  /** Computed when it is asked for. */
  readonly sha256: string
}

export interface LoadedPolicy {
  policy: Policy
  /** Grants that nobody has approved; the policy is without them. */
  pending: Grant[]
  files: LoadedFile[]
}

type Loaded = { layer: ParsedLayer; file: LoadedFile } | { issues: PolicyIssue[] }

/**
 * Reads, checks and merges all that decides the policy here. Reads each file once and writes nothing.
 * Fails with `policy-ambiguous`, or with `policy-invalid` and the problems of all files together.
 */
export async function loadPolicy(input: LoadInput): Promise<LoadedPolicy> {
  const dirs = agentboxDirs(input.env, input.home)
  const loaded: Loaded[] = [await loadUser(dirs.config)].filter((one) => one !== undefined)
  for (const file of input.files) loaded.push(await loadRepo(file))
  const issues = loaded.flatMap((one) => ('issues' in one ? one.issues : []))
  if (issues.length > 0) fail({ code: 'policy-invalid', issues })
  const good = loaded.filter((one) => 'layer' in one)
  const layers = good.map(({ layer }) => layer)
  const resolved = resolvePolicy({
    userConfig: layers.find(({ layer }) => layer === 'user'),
    repoLayers: layers.filter(({ layer }) => layer === 'repo'),
    flags: flagLayer(input.flags ?? {}, input.cwd),
    home: input.home,
    project: input.project,
    own: Object.values(dirs),
    moved: movedState(input.env),
    approvals: input.approvals,
  })
  return { ...resolved, files: good.map(({ file }) => file) }
}

async function loadRepo({ path, dir }: RcFile): Promise<Loaded> {
  return collecting(async () => loadedFrom('repo', path, dir, readPolicyBytes(path).bytes))
}

async function loadUser(configDir: string): Promise<Loaded | undefined> {
  return collecting(async () => {
    const file = await readUserConfig(configDir)
    return file && loadedFrom('user', file.path, parentOf(file.path), file.bytes)
  })
}

async function loadedFrom(layer: 'user' | 'repo', path: string, dir: string, bytes: Buffer): Promise<Loaded> {
  const parsed = await parsePolicy({ layer, file: path, dir, bytes })
  if ('issues' in parsed) return parsed
  return {
    layer: parsed.layer,
    file: {
      path,
      layer,
      get sha256() {
        return hashOf(path, bytes)
      },
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

/** Where a variable moved an agent's state, credentials and all. */
function movedState(env: LoadInput['env']): string[] {
  const moved = agents.map(({ configDir }) => configDir && env[configDir.variable])
  return moved.filter((dir) => dir?.startsWith('/') === true).map((dir) => dir!.replace(/\/+$/, ''))
}
