import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { wake } from '../../../src/session/helper.ts'
import { makeHome } from '../../support/home.ts'
import { letterOf } from '../../support/processes.ts'
import { eventually } from '../../support/spawn.ts'

test('a helper that is stopped is woken, also when the stop takes effect only after the first look', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  try {
    for (const first of [true, false]) {
      if (!first) wake(child)
      child.kill('SIGSTOP')
      expect(await eventually(() => letterOf(child.pid!) === 'T' || !first)).toBe(true)
      if (first) wake(child)
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect(await eventually(() => letterOf(child.pid!) === 'S', 3000)).toBe(true)
    }
  } finally {
    child.kill('SIGKILL')
  }
})

test('a session for which there are not enough descriptors says so', async () => {
  const at = makeHome('user')
  at.dir(`${at.home}/p`)
  try {
    const command = `ulimit -n 24; exec ${at.node} ${at.agentbox} run -- true`
    const { stderr, status } = await at.bare(['sh', '-c', command], { cwd: `${at.home}/p` })
    expect([status, stderr]).toEqual([125, expect.stringMatching(/cannot start .*EMFILE/)])
  } finally {
    at.remove()
  }
})
