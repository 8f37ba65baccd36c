import { isWithin } from '../../host/paths.ts'
import type { AgentProfile } from './types.ts'

/**
 * The profile for a user who moved the agent's directory by its variable (`CODEX_HOME=~/work/codex`).
 * A directory outside the home is not in the box, so the variable is not passed and the default holds. Pure.
 */
export function relocate(profile: AgentProfile, env: NodeJS.ProcessEnv, home: string): AgentProfile {
  const { configDir } = profile
  const given = configDir === undefined ? undefined : env[configDir.variable]
  if (configDir === undefined || given === undefined || given === '') return profile
  const value = given.replace(/\/+$/, '')
  if (value === home || !isWithin(value, home) || value.split('/').includes('..')) {
    return { ...profile, env: profile.env.filter((name) => name !== configDir.variable) }
  }
  const dir = value.slice(home.length + 1)
  const move = (path: string): string =>
    isWithin(path, configDir.default) ? dir + path.slice(configDir.default.length) : path
  return {
    ...profile,
    configDir: { ...configDir, default: dir },
    readonly: profile.readonly.map(move),
    synced: profile.synced.map(move),
    ...(profile.bases === undefined ? {} : { bases: { ...profile.bases, path: move(profile.bases.path) } }),
    seeds: profile.seeds.map((seed) => ({
      ...seed,
      path: seed.inConfigDir === undefined ? move(seed.path) : `${dir}/${seed.inConfigDir}`,
    })),
  }
}
