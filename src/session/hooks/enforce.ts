import { AgentboxError } from '../../errors.ts'
import { ancestry, isUnboxedAgent } from '../../host/unboxed.ts'
import { unboxedCommit } from '../../ui/wording/shells.ts'
import { surveyPolicy } from '../situation.ts'

/**
 * Whether an agent outside the box is at work where the policy says `enforce: true`. A policy that cannot
 * be read might say so; a person can still commit its mending.
 */
export async function refusesAgent(env: NodeJS.ProcessEnv, talk: (text: string) => void): Promise<boolean> {
  const agent = isUnboxedAgent(env, ancestry())
  if (agent === undefined || !(await isEnforced(env))) return false
  talk(unboxedCommit(agent))
  return true
}

async function isEnforced(env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    return (await surveyPolicy(env)).policy.enforce.value
  } catch (error) {
    if (error instanceof AgentboxError) return true
    throw error
  }
}
