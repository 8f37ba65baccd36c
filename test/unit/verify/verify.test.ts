import { describe, expect, it } from 'vitest'
import { marked } from '../../../src/commands/shell.ts'
import { buildPlan } from '../../../src/plan/build.ts'
import { fnv } from '../../../src/verify/hash.ts'
import { checksFor, judgeAnswers, questionsText } from '../../../src/verify/index.ts'
import { junitXml } from '../../../src/verify/junit.ts'
import type { CheckInput } from '../../../src/verify/types.ts'
import { planInput } from '../plan/inputs.ts'

const input = planInput()
const plan = buildPlan(input)
const host: CheckInput['host'] = {
  namespaces: { mnt: 'mnt:[1]' },
  privatePaths: ['/home/u/.ssh'],
  content: () => undefined,
  variables: ['AWS_SECRET', 'TERM'],
}
const origin = { layer: 'repo', file: '/p/.agentboxrc', line: 3 } as const
const policy = {
  ...input.policy,
  verify: { ...input.policy.verify, unreadable: [{ value: '/home/u/p/.env', origin }] },
}
const checks = checksFor({ plan, policy, facts: input.facts, host })
const byId = (id: string): number => checks.findIndex((check) => check.id === id)
const judged = (id: string, ...answer: string[]): string => {
  const number = byId(id)
  expect([id, number]).toEqual([id, expect.any(Number)])
  return judgeAnswers(checks, `${number} ${answer.join(' ')}\n`)[number]!.state
}

describe('fnv', () => {
  it.each([
    ['', 'cbf29ce484222325'],
    ['a', 'af63dc4c8601ec8c'],
    ['foobar', '85944171f73967e8'],
  ])('of %j', (text, hash) => expect(fnv(Buffer.from(text))).toBe(hash))
})

describe('what the probe says', () => {
  it.each<[string, string, string]>([
    ['namespaces:mnt', 'link mnt:[2]', 'contained'],
    ['namespaces:mnt', 'link mnt:[1]', 'failed'],
    ['namespaces:pid', 'link pid:[1]', 'unchecked'],
    ['privileges:CapEff', 'value 0000000000000000', 'contained'],
    ['privileges:CapEff', 'value 000001ffffffffff', 'failed'],
    ['kernel:io_uring_setup', 'refused 1', 'contained'],
    ['kernel:io_uring_setup', 'refused 14', 'failed'],
    ['kernel:TIOCSTI', 'absent', 'unchecked'],
    ['home:/home/u/.ssh', 'absent', 'contained'],
    ['home:/home/u/.ssh', 'directory 3', 'failed'],
    ['environment:AWS_SECRET', 'unset', 'contained'],
    ['environment:AWS_SECRET', 'set', 'failed'],
    ['mounts:/home/u/p/a', 'mounted rw', 'contained'],
    ['mounts:/home/u/p/a', 'plain rw', 'failed'],
    ['mounts:/home/u/p/a/.vscode', 'mounted ro', 'contained'],
    ['mounts:/home/u/p/a/.vscode', 'mounted rw', 'failed'],
    ['secrets:/home/u/p/.env', `file 3 ${fnv(Buffer.from('A=\n'))}`, 'contained'],
    ['secrets:/home/u/p/.env', 'file 3 0123456789abcdef', 'failed'],
    ['secrets:/home/u/p/.ssh', 'directory 0', 'contained'],
    ['secrets:/home/u/p/.ssh', 'directory 1', 'failed'],
    ['policy:unreadable:/home/u/p/.env', 'file 0 x', 'contained'],
    ['policy:unreadable:/home/u/p/.env', 'file 9 x', 'failed'],
  ])('%s: %s is %s', (id, answer, state) => expect(judged(id, answer)).toBe(state))

  it('leaves everything unchecked when it says nothing', () => {
    const states = new Set(judgeAnswers(checks, '').map(({ state }) => state))
    expect([...states].filter((state) => state === 'contained')).toEqual([])
  })
})

describe('checks', () => {
  it('have names of their own', () => {
    const ids = checks.map(({ id }) => id)
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
  })

  it('ask a question a line, descriptors first', () => {
    const lines = questionsText(checks).split('\n').slice(0, -1)
    expect(lines).toHaveLength(checks.length)
    expect(lines[0]).toMatch(/^\d+ descriptors $/)
    for (const line of lines) expect(line).toMatch(/^\d+ [a-z]+ [0-9a-f]*$/)
  })
})

describe('JUnit', () => {
  it('escapes, and skips what could not be checked', () => {
    const about = { id: 'a', topic: 'kernel', claim: '<"&\u001b>', byHand: '' } as const
    const xml = junitXml([
      { ...about, state: 'contained', detail: '' },
      { ...about, state: 'failed', detail: 'x' },
      { ...about, state: 'unchecked', detail: 'y' },
    ])
    expect(xml).toContain('tests="3" failures="1" skipped="1"')
    expect(xml).toContain('&lt;&quot;&amp;\\x1b&gt;')
    expect(xml).toMatch(/<failure message="x"\/>[^]*<skipped message="y"\/>/)
  })
})

describe('the shell in the box', () => {
  it.each(['/bin/bash', '/usr/bin/zsh', '/usr/bin/fish', '/bin/sh'])('%s has a marked prompt', (program) =>
    expect(marked(program).join(' ')).toContain('[box]'),
  )
})
