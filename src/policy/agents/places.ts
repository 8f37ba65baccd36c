import { resolve } from 'node:path/posix'
import { agents } from './index.ts'
import type { AgentMove } from './types.ts'

/** A directory of the user's own that an agent obeys outside the box; absolute. */
export interface AgentPlace {
  agent: string
  dir: string
  /** A variable has put it there. */
  moved: boolean
  /** What in it runs or steers. */
  steering: string[]
  logins: string[]
}

/** Where the environment has the directories of all agents. Pure. */
export function agentPlaces(env: NodeJS.ProcessEnv, home: string, cwd: string): AgentPlace[] {
  return agents.flatMap(({ name, moves = [], readonly, synced }) =>
    moves.map((move) => {
      const usual = `${home}/${move.dir}`
      const dir = placeOf(move, env, cwd) ?? usual
      const there = (paths: readonly string[]): string[] =>
        paths
          .filter((path) => path.startsWith(`${move.dir}/`) && !path.includes('*'))
          .map((path) => dir + path.slice(move.dir.length))
      return { agent: name, dir, moved: dir !== usual, steering: there(readonly), logins: there(synced) }
    }),
  )
}

/** The files that variables name as an agent's configuration; absolute. Pure. */
export function namedFiles(env: NodeJS.ProcessEnv, cwd: string): { agent: string; path: string }[] {
  return agents.flatMap(({ name, files = [] }) =>
    files.flatMap((variable) => {
      const value = env[variable]
      return value === undefined || value === '' ? [] : [{ agent: name, path: resolve(cwd, value) }]
    }),
  )
}

function placeOf(
  { variable, below = '' }: AgentMove,
  env: NodeJS.ProcessEnv,
  cwd: string,
): string | undefined {
  const value = env[variable]
  return value === undefined || value === '' ? undefined : resolve(cwd, value, below)
}
