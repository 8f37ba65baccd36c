import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { wake } from '../../../src/session/helper.ts'
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
