import { agentboxDirs } from '../host/dirs.ts'
import type { Policy } from '../policy/types.ts'
import { loadPolicy } from './load.ts'

/** What the user has decided, whatever any repository says. */
export async function ownPolicy(env: NodeJS.ProcessEnv, home: string): Promise<Policy> {
  const project = agentboxDirs(env, home).state
  const input = { files: [], cwd: '/', home, project, env }
  return (await loadPolicy(input)).policy
}
