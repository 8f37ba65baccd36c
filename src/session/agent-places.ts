import { lstatOf, realpathOf } from '../host/files.ts'
import { isBelow, isWithin } from '../host/paths.ts'
import { agentPlaces, namedFiles, type AgentPlace } from '../policy/agents/places.ts'
import type { AbsentPath } from '../protect/paths.ts'
import type { Situation } from './situation.ts'

/**
 * What of the user's own agents is in the project: a variable or a link has put it there, or the project is such a
 * directory (`~/.claude` as a repository). Outside the box the agents obey it.
 */
export function agentParts({ env, facts, project, cwd }: Situation): AbsentPath[] {
  const named = namedFiles(env, cwd).map(({ agent, path }) => ({ agent, path: realpathOf(path) ?? path }))
  return [
    ...agentPlaces(env, facts.home, cwd).flatMap((place) =>
      partsOf(place, project.root).map((path) => ({ agent: place.agent, path })),
    ),
    ...named.filter(({ path }) => isBelow(path, project.root)),
  ].map(({ agent, path }) => ({ path, why: `${agent} obeys it outside the box`, runBy: agent }))
}

/** Resolved, but for what is not there. */
function partsOf({ dir, steering }: AgentPlace, project: string): string[] {
  const found = realpathOf(dir)
  const real = found ?? dir
  const isPart = (path: string): boolean => isBelow(path, project)
  if (isPart(real)) return [real]
  const isAround = isWithin(project, real)
  if (found === undefined && !isAround) return []
  return steering
    .map((path) => real + path.slice(dir.length))
    .filter((path) => isAround || lstatOf(path)?.isSymbolicLink() === true)
    .map((path) => realpathOf(path) ?? path)
    .filter(isPart)
}
