import type { Approvals, Gate } from './grants.ts'
import type { ParsedLayer } from './parse.ts'

export interface ResolveInput {
  userConfig?: ParsedLayer | undefined
  /** Outermost first. */
  repoLayers: readonly ParsedLayer[]
  flags?: ParsedLayer | undefined
  /** Absolute and resolved, as all directories here. */
  home: string
  project: string
  /** Directories that join the built-in ceiling: agentbox's own, if the environment moved them. */
  own?: readonly string[] | undefined
  approvals: Approvals
}

/** What every part of the merge is given. */
export interface Context {
  layers: readonly ParsedLayer[]
  input: ResolveInput
  gate: Gate
}

/** A restriction in the user's own file is about every project, in the others about their directory. */
export function partsDir(layer: ParsedLayer, input: ResolveInput): string {
  return layer.layer === 'user' ? input.project : layer.dir
}
