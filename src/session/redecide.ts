import type { LoadedPolicy } from '../config/load.ts'
import type { Situation } from './situation.ts'

/** The situation under a policy that was decided anew. */
export function redecided(situation: Situation, loaded: LoadedPolicy): Situation {
  const { masks } = loaded.policy
  const patterns = [...masks.patterns, ...(situation.detected ?? [])]
  return { ...situation, loaded, policy: { ...loaded.policy, masks: { ...masks, patterns } } }
}
