import { AgentboxError } from '../errors.ts'
import { describe } from '../ui/messages.ts'
import type { Check, Finding } from './types.ts'

export const policy: Check = {
  id: 'policy',
  about: 'the policy files of this directory: valid, found, and what they ask for',
  run({ situation, trouble }) {
    if (trouble instanceof AgentboxError) return refused(trouble)
    if (trouble !== undefined) throw trouble
    const pending = situation?.loaded.pending ?? []
    if (pending.length === 0) return []
    return [
      {
        check: 'policy',
        severity: 'note',
        problem: `the repository's policy asks for ${pending.length === 1 ? 'a grant' : `${pending.length} grants`} that you have not approved`,
        why: 'agents are not started here until you have decided',
        mend: 'agentbox allow --show',
      },
    ]
  },
}

function refused({ problem }: AgentboxError): Finding[] {
  const lines = describe(problem)
  const invalid = problem.code === 'policy-invalid'
  // Every mistake in the file, not the first alone.
  const problems = invalid ? lines.slice(0, -1) : lines.slice(0, 1)
  const keys = 'write it as agentbox schema and docs/policy.md say'
  const mend = invalid || lines.length === 1 ? keys : lines.at(-1)!
  return problems.map((text) => ({
    check: 'policy',
    severity: 'error',
    problem: text,
    why: 'no agent is started here',
    mend,
  }))
}
