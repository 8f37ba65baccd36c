import { isWithin } from '../../host/paths.ts'
import { matchesName } from '../env.ts'
import type { AgentMove, AgentProfile } from './types.ts'

/** Directories, absolute; `real` resolves links. */
export interface Places {
  home: string
  project: string
  real: (path: string) => string
}

/**
 * The profile for a user who moved the agent's directories by its variables (`CODEX_HOME=~/work/codex`). Within the
 * home the box has them where they are; what lies elsewhere it has at the usual place, and the variable is not passed.
 * One in the project is not followed: the links in it are the repository's, and may lead to what is masked. Pure but
 * for `real`.
 */
export function relocate(profile: AgentProfile, env: NodeJS.ProcessEnv, places: Places): AgentProfile {
  return (profile.moves ?? []).reduce((moved, move, index) => {
    const given = env[move.variable]
    if (given === undefined || given === '') return moved
    const value = given.replace(/\/+$/, '')
    const place = move.below === undefined ? value : `${value}/${move.below}`
    if (place === `${places.home}/${move.dir}`) return moved
    if (!isUsable(value, place, places)) return withheld(moved, move)
    const isPassed = moved.env.some((pattern) => matchesName(move.variable, pattern))
    return isPassed && isWithin(place, places.home)
      ? movedTo(moved, move, index, place.slice(places.home.length + 1))
      : shownAtUsual(moved, move, index, place)
  }, profile)
}

/** Where the user has what the box has at `path`, relative to the home. Pure. */
export function hostPathOf({ sources = {} }: AgentProfile, path: string, home: string): string {
  const dir = Object.keys(sources).find((one) => isWithin(path, one))
  return dir === undefined ? `${home}/${path}` : sources[dir]! + path.slice(dir.length)
}

/** The home as an agent's directory would show all scripts in it as the agent's. */
function isUsable(value: string, place: string, { home, project, real }: Places): boolean {
  const isNormal = value.startsWith('/') && !/\/\.{0,2}(?:\/|$)/.test(place)
  return isNormal && !isWithin(home, place) && !isWithin(place, project) && !isWithin(real(place), project)
}

function withheld(profile: AgentProfile, { variable }: AgentMove): AgentProfile {
  return { ...profile, unpassed: [...(profile.unpassed ?? []), variable] }
}

function shownAtUsual(profile: AgentProfile, move: AgentMove, index: number, place: string): AgentProfile {
  const seeds = profile.seeds.flatMap(({ path, inConfigDir }): [string, string][] =>
    inConfigDir === undefined || index > 0 ? [] : [[path, `${place}/${inConfigDir}`]],
  )
  const sources = { ...profile.sources, ...Object.fromEntries(seeds), [move.dir]: place }
  return { ...withheld(profile, move), sources }
}

function movedTo(profile: AgentProfile, given: AgentMove, index: number, dir: string): AgentProfile {
  const move = (path: string): string =>
    isWithin(path, given.dir) ? dir + path.slice(given.dir.length) : path
  return {
    ...profile,
    moves: profile.moves!.map((one) => (one === given ? { ...one, dir } : one)),
    readonly: profile.readonly.map(move),
    synced: profile.synced.map(move),
    ...(profile.bases === undefined ? {} : { bases: { ...profile.bases, path: move(profile.bases.path) } }),
    seeds: profile.seeds.map((seed) => ({
      ...seed,
      path: seed.inConfigDir === undefined || index > 0 ? move(seed.path) : `${dir}/${seed.inConfigDir}`,
    })),
  }
}
