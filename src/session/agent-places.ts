import { lstatOf, realpathOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import { agentPlaces, type AgentPlace } from '../policy/agents/places.ts'
import type { AbsentPath, ProtectedPath } from '../protect/paths.ts'
import type { Situation } from './situation.ts'

export interface AgentParts {
  readonly: ProtectedPath[]
  absent: AbsentPath[]
}

/**
 * What of the user's own agents is in the project: a variable or a link has put it there, or the project is such a
 * directory (`~/.claude` as a repository). Outside the box the agents obey it.
 */
export function agentParts({ env, facts, project, cwd }: Situation): AgentParts {
  const parts: AgentParts = { readonly: [], absent: [] }
  for (const place of agentPlaces(env, facts.home, cwd)) {
    for (const path of partsOf(place, project.root)) {
      const why = `${place.agent} obeys it outside the box`
      if (lstatOf(path) === undefined) parts.absent.push({ path, why, runBy: place.agent })
      else parts.readonly.push({ path, why })
    }
  }
  return parts
}

/** Resolved, but for what is not there. */
function partsOf({ dir, steering }: AgentPlace, project: string): string[] {
  const found = realpathOf(dir)
  const real = found ?? dir
  const isPart = (path: string): boolean => path !== project && isWithin(path, project)
  if (isPart(real)) return [real]
  const isAround = isWithin(project, real)
  if (found === undefined && !isAround) return []
  return steering
    .map((path) => real + path.slice(dir.length))
    .filter((path) => isAround || lstatOf(path)?.isSymbolicLink() === true)
    .map((path) => realpathOf(path) ?? path)
    .filter(isPart)
}
