import { chmodSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Who } from '../../support/who.ts'
import { makeBench, type Bench } from './box.ts'

let bench: Bench
beforeAll(() => {
  bench = makeBench()
})
afterAll(() => bench.remove())

const everybody: Who[] = ['root', 'user']
const codes = [0, 1, 2, 3, 63, 64, 100, 125, 126, 127, 128, 129, 130, 137, 143, 254, 255]
const deadly = ['SIGHUP', 'SIGINT', 'SIGKILL', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE', 'SIGALRM', 'SIGTERM'] as const
const dumping = ['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGSYS'] as const

describe.each(everybody)('as %s', (who) => {
  test('every exit status arrives as it is', async () => {
    for (const code of codes) {
      const { status, stderr } = await bench.run(who, ['sh', '-c', `exit ${code}`])
      expect([code, status, stderr]).toEqual([code, code, ''])
    }
  })

  test('a death by signal is a death by the same signal', async () => {
    for (const name of deadly) {
      const { status, signal } = await bench.run(who, ['sh', '-c', `kill -${name.slice(3)} $$`])
      expect([name, status, signal]).toEqual([name, null, name])
    }
  })

  test('a death that would dump core is exit status 128 + n', async () => {
    for (const name of dumping) {
      const { status } = await bench.run(who, ['sh', '-c', `kill -${name.slice(3)} $$`])
      expect([name, status]).toEqual([name, 128 + constants.signals[name]])
    }
  })

  test.each([
    { command: 'agentbox-no-such-command', errno: 2, status: 127 },
    { command: '/usr/no/such', errno: 2, status: 127 },
    { command: '', errno: 2, status: 127 },
    { command: '/etc/passwd', errno: 13, status: 126 },
    { command: '/usr', errno: 13, status: 126 },
  ])('cannot execute $command', async ({ command, errno, status }) => {
    const done = await bench.run(who, [command])
    expect(done.status).toBe(status)
    expect(JSON.parse(done.stderr)).toEqual({ kind: 'exec-failed', errno })
  })

  test('a file without a header is not run as a script', async () => {
    const file = join(bench.dir, 'headless')
    writeFileSync(file, 'echo ran\n')
    chmodSync(file, 0o755)
    const done = await bench.run(who, ['/tmp/headless'], { bwrapArgs: ['--ro-bind', file, '/tmp/headless'] })
    expect([done.status, done.stdout]).toEqual([126, ''])
    expect(JSON.parse(done.stderr)).toEqual({ kind: 'exec-failed', errno: 8 })
  })

  test('what bwrap says about a failed set-up is returned, and its status', async () => {
    const done = await bench.run(who, ['true'], { bwrapArgs: ['--bind', '/no/such/source', '/tmp/x'] })
    expect(done.status).toBe(125)
    const end = JSON.parse(done.stderr) as { kind: string; stderr: string; status: number }
    expect(end).toMatchObject({ kind: 'setup-failed', status: 1 })
    expect(end.stderr).toContain('/no/such/source')
  })

  test('a bwrap that is not there is a failed set-up', async () => {
    const done = await bench.run(who, ['true'], { spec: { bwrap: '/no/such/bwrap' } })
    expect(done.stderr).toContain('/no/such/bwrap: No such file or directory')
    expect(done.status).toBe(125)
  })

  test('nothing runs if the look at the held box fails', async () => {
    const done = await bench.run(who, ['sh', '-c', 'echo ran; echo ran >&2'], { spec: { ready: 'throw' } })
    expect(done.stdout + done.stderr).not.toContain('ran')
    expect(done.stderr).toContain('not as planned')
    expect(done.status).not.toBe(0)
  })
})

test('a helper that is not there has an error of its own', async () => {
  const done = await bench.run('user', ['true'], { spec: { helper: '/no/such/helper' } })
  expect(done.stderr).toContain("code: 'helper-missing'")
})
