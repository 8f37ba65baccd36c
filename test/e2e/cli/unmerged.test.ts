import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'
import { as, type Who } from '../../support/who.ts'

/**
 * A machine whose /bin, /sbin and /lib are directories and not links into /usr, made by mounting. Root's
 * bwrap without namespaces for users keeps all rights, so agentbox can make its own box in there.
 */
function unmerged(at: TestHome, command: string[]): string[] {
  const dirs = ['bin', 'sbin', 'lib', 'lib64'].flatMap((name) => ['--ro-bind', `/usr/${name}`, `/${name}`])
  const rest = ['etc', 'var', 'tmp'].flatMap((name) => ['--bind', `/${name}`, `/${name}`])
  const base = [
    '--ro-bind',
    '/usr',
    '/usr',
    ...dirs,
    ...rest,
    '--bind',
    '/proc',
    '/proc',
    '--dev-bind',
    '/dev',
    '/dev',
  ]
  return ['bwrap', ...base, '--chdir', `${at.home}/project`, '--', ...as(at.who, command)]
}

describe.each(['user', 'root'] as const)('on a machine with an unmerged /usr, as %s', (who: Who) => {
  let at: TestHome
  const outer = (command: string[]): Promise<Ended> => {
    const [program, ...args] = unmerged(at, command)
    return at.root([program!, ...args])
  }

  beforeAll(() => {
    at = makeHome(who)
    at.write(`${at.home}/project/.env`, 'S=1\n')
    at.write(`${at.home}/project/.agentboxrc`, 'version: 1\n')
  })
  afterAll(() => at.remove())

  it('shows the same directories, and is a box', async () => {
    expect((await outer(['sh', '-c', '[ -L /bin ] || echo directory'])).stdout).toBe('directory\n')
    const script =
      '[ -L /bin ] || echo directory; [ -d /lib64 ] && /bin/cat .env; /bin/ls -d /sbin; touch /bin/x 2>/dev/null || echo closed'
    const done = await outer([at.node, at.agentbox, 'run', '--', 'sh', '-c', script])
    expect(done).toMatchObject({ stdout: 'directory\n/sbin\nclosed\n', stderr: '', status: 0 })
  })
})
