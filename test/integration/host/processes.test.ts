import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { startTimeOf } from '../../../src/host/processes.ts'
import { letterOf } from '../../support/processes.ts'
import { eventually } from '../../support/spawn.ts'

it('takes a process that nobody has waited for as one that has ended', async () => {
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'])
  try {
    const [said] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(said.toString())
    expect(startTimeOf(pid)).toMatch(/^\d+$/)
    process.kill(pid, 'SIGKILL')
    expect(await eventually(() => letterOf(pid) === 'Z')).toBe(true)
    expect(startTimeOf(pid)).toBeUndefined()
  } finally {
    parent.kill('SIGKILL')
  }
})
