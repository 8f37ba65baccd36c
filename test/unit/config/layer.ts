import type { Approvals } from '../../../src/config/grants.ts'
import type { Grant, PolicyIssue } from '../../../src/errors.ts'
import { AgentboxError } from '../../../src/errors.ts'
import { resolvePolicy, type Resolved } from '../../../src/config/layers.ts'
import { parsePolicy, type ParsedLayer } from '../../../src/config/parse.ts'

export const HOME = '/home/u'
export const PROJECT = '/home/u/work/p'
export const all: Approvals = { approver: () => 'approval' }
export const none: Approvals = { approver: () => undefined }

/** A layer from data, as a file of the given kind would give it. Throws what is wrong with it. */
export async function layerOf(
  layer: 'repo' | 'user' | 'system',
  rc: object,
  dir = PROJECT,
): Promise<ParsedLayer> {
  const file = {
    user: `${HOME}/.config/agentbox/config.yaml`,
    system: '/etc/agentbox/config.yaml',
    repo: `${dir}/.agentboxrc`,
  }[layer]
  const bytes = Buffer.from(JSON.stringify({ version: 1, ...rc }, null, 1))
  const parsed = await parsePolicy({ layer, file, dir, bytes })
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues))
  return parsed.layer
}

interface Layers {
  system?: object
  user?: object
  repo?: object
  /** In PROJECT/sub. */
  inner?: object
  flags?: ParsedLayer | undefined
  approvals?: Approvals
  /** agentbox's own directories. */
  own?: string[]
}

export async function resolve({
  system,
  user,
  repo,
  inner,
  flags,
  approvals = none,
  own = [],
}: Layers): Promise<Resolved> {
  return resolvePolicy({
    systemConfig: system && (await layerOf('system', system)),
    userConfig: user && (await layerOf('user', user)),
    repoLayers: [
      ...(repo ? [await layerOf('repo', repo)] : []),
      ...(inner ? [await layerOf('repo', inner, `${PROJECT}/sub`)] : []),
    ],
    flags,
    home: HOME,
    project: PROJECT,
    approvals,
    own,
  })
}

export async function issuesOf(layers: Layers): Promise<PolicyIssue[]> {
  try {
    await resolve(layers)
    return []
  } catch (error) {
    if (error instanceof AgentboxError && error.problem.code === 'policy-invalid') return error.problem.issues
    throw error
  }
}

export function asked(pending: readonly Grant[]): string[] {
  return pending.map(({ kind, value }) => `${kind} ${value}`)
}
