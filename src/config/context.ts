import type { Approvals, Gate } from './grants.ts'
import type { ParsedLayer } from './parse.ts'

export interface ResolveInput {
  /** The administrator's, for everybody on this machine. */
  systemConfig?: ParsedLayer | undefined
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
  /** Agents' log-ins that are in the project. */
  logins?: readonly string[] | undefined
  approvals: Approvals
}

/** What every part of the merge is given. */
export interface Context {
  layers: readonly ParsedLayer[]
  input: ResolveInput
  gate: Gate
}

/** Not a repository's, and not only for this command. */
export function isOwn({ layer }: ParsedLayer): boolean {
  return layer === 'user' || layer === 'system'
}

/** A restriction in the user's own file is about every project, in the others about their directory. */
export function partsDir(layer: ParsedLayer, input: ResolveInput): string {
  return isOwn(layer) ? input.project : layer.dir
}
