import { AgentboxError } from '../errors.ts'
import { isWithin } from '../host/paths.ts'
import { noteTold, toldOf } from '../shells/told.ts'
import { render } from '../ui/messages.ts'
import { shown } from '../ui/escape.ts'
import { agentboxDirs } from '../host/dirs.ts'
import { readHostFacts } from '../host/facts.ts'
import { surveySituation, type Situation } from './situation.ts'

/**
 * The line for somebody who enters a repository whose policy is new or has changed; undefined with `quiet`.
 * `policies` are the paths that the shell found, by the way that the user came. Notes that it was said.
 */
export async function news(env: NodeJS.ProcessEnv, policies: readonly string[]): Promise<string | undefined> {
  const { home } = readHostFacts(env)
  const { state } = agentboxDirs(env, home)
  const told = policies.map((policy) => toldOf(state, policy))
  const nearest = policies[policies.length - 1] ?? ''
  const change = told.includes('never') ? 'new to you' : 'changed since you were last told'
  const text = await textOf(env, `boxed by ${shown(tilde(nearest, home))}, ${change}`)
  for (const policy of policies) noteTold(state, policy)
  return text
}

async function textOf(env: NodeJS.ProcessEnv, what: string): Promise<string | undefined> {
  try {
    const situation = await surveySituation(env)
    if (situation.policy.quiet.value) return undefined
    return `agentbox  ${what}${pendingText(situation)} · agentbox status\n`
  } catch (error) {
    if (!(error instanceof AgentboxError)) throw error
    return render(error.problem)
  }
}

function pendingText({ loaded }: Situation): string {
  const count = loaded.pending.length
  if (count === 0) return ''
  return ` · ${count === 1 ? '1 grant' : `${count} grants`} not approved: agentbox allow`
}

function tilde(path: string, home: string): string {
  return isWithin(path, home) ? `~${path.slice(home.length)}` : path
}
