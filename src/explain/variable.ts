import type { LaunchPlan } from '../plan/ops.ts'
import type { AgentProfile } from '../policy/agents/types.ts'
import { isOfAgent, matchesName, passedAlways } from '../policy/env.ts'
import type { Policy } from '../policy/types.ts'
import type { Explanation } from './types.ts'

/** Does a variable come in, and by which rule? Its value is in no answer. Pure. */
export function explainVariable(
  name: string,
  {
    plan,
    policy,
    profile,
    isSet,
  }: { plan: LaunchPlan; policy: Policy; profile: AgentProfile; isSet: boolean },
): Explanation {
  const about = { kind: 'variable', subject: name, also: [] as string[], change: [] as string[] } as const
  const mine = isSet ? 'it is set in your shell now' : 'it is not set in your shell now'
  const pass = policy.env.pass.find(({ value }) => matchesName(name, value))
  const given = policy.env.set.find(({ value }) => value.name === name)
  if (name in plan.env && !plan.passed.includes(name)) {
    const text = given === undefined ? 'agentbox sets it for every box like this one' : 'env.set'
    return { ...about, state: 'set', because: [{ text, origin: given?.origin }], also: [mine] }
  }
  const ofAgent = isOfAgent(name, profile)
  const harmless = passedAlways.some((pattern) => matchesName(name, pattern))
  if (name in plan.env || pass !== undefined || (!isSet && (ofAgent || harmless))) {
    const text =
      pass !== undefined
        ? `env.pass: ${pass.value}`
        : ofAgent
          ? `${profile.name} needs it`
          : 'harmless, and needed by many programs'
    return {
      ...about,
      state: name in plan.env ? 'passed' : isSet ? 'withheld' : 'absent',
      because: [{ text, origin: pass?.origin }],
      also: [mine],
    }
  }
  return {
    ...about,
    state: 'withheld',
    because: [{ text: 'no rule passes it' }],
    also: [mine],
    change: [`env.pass: [${name}] in .agentboxrc: a grant; in your own configuration: for every repository`],
  }
}
