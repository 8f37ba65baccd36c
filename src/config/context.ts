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
  /** agentbox's own directories, wherever the environment put them: nobody is granted these. */
  own?: readonly string[] | undefined
  /** Where the environment put agents' state; joins the built-in ceiling. */
  moved?: readonly string[] | undefined
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
