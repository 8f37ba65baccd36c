import { expect, it } from 'vitest'
import { policy } from '../../../src/doctor/policy.ts'
import type { DoctorContext } from '../../../src/doctor/types.ts'
import { AgentboxError } from '../../../src/errors.ts'

it('every mistake in a policy is a finding, with the same remedy', async () => {
  const issues = ['a', 'b'].map((key, at) => ({
    file: '/p/.agentboxrc',
    line: at + 2,
    problem: `unknown key "${key}"`,
  }))
  const trouble = new AgentboxError({ code: 'policy-invalid', issues })
  const found = await policy.run({ trouble } as DoctorContext)
  expect(found.map(({ problem }) => problem)).toEqual([
    '/p/.agentboxrc:2: unknown key "a"',
    '/p/.agentboxrc:3: unknown key "b"',
  ])
  for (const { severity, mend } of found)
    expect([severity, mend]).toEqual(['error', 'write it as agentbox schema and docs/policy.md say'])
})
