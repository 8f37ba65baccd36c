import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync, symlinkSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import { as, type Who } from '../../support/who.ts'

// In the box only its own directory and the project are there, and the first is read-only.
const AGENT = `#!/bin/sh
[ "$1" = where ] || exec cat
touch "\${0%/*}/planted" 2>/dev/null && echo writable || echo read-only
[ -e /run/agentbox ] || [ -n "$AGENTBOX" ] && echo boxed || echo bare
echo "[$2]"
`

describe.each<Who>(['user', 'root'])('as %s', (who) => {
  let home: TestHome
  let project: string
  let extension: string
  let wrapper: string
  beforeAll(async () => {
    home = makeHome(who)
    project = `${home.home}/project`
    extension = `${home.home}/.vscode/extensions/anthropic.claude-code-2.1.330/resources/native-binary/claude`
    home.write(extension, AGENT, 0o755)
    home.write(`${project}/.agentboxrc`, 'version: 1\n')
    home.dir(`${home.home}/plain`)
    await home.must([home.node, home.agentbox, 'shims', 'install'])
    wrapper = `${home.home}/.local/share/agentbox/agentbox-wrap`
  })
  afterAll(() => home.remove())

  const call = (
    argv: string[],
    cwd: string,
    env: Record<string, string> = {},
    input: Buffer = Buffer.alloc(0),
  ) => {
    const [program, ...rest] = as(who, argv)
    return spawnSync(program, rest, { cwd, env: { ...home.env, ...env }, input, maxBuffer: 2 ** 25 })
  }
  const text = (argv: string[], cwd: string, env: Record<string, string> = {}) => {
    const { status, stdout, stderr } = call(argv, cwd, env)
    return { status, stdout: stdout.toString(), stderr: stderr.toString() }
  }

  it.each([
    ['the wrapper of the shims', () => [wrapper]],
    ['agentbox wrap', () => [home.node, home.agentbox, 'wrap']],
  ])('%s passes every byte on, and nothing else, in the box and outside', (_, command) => {
    const bytes = Buffer.concat([Buffer.from([...Array(256).keys()]), randomBytes(2 ** 20)])
    for (const cwd of [project, `${home.home}/plain`]) {
      const { status, stdout, stderr } = call([...command(), extension], cwd, {}, bytes)
      expect([status, stderr.toString(), stdout.equals(bytes)]).toEqual([0, '', true])
    }
  })

  it('the program of an editor runs in the box, and cannot be changed from there', () => {
    expect(text([wrapper, extension, 'where', 'a b'], project)).toEqual({
      status: 0,
      stdout: 'read-only\nboxed\n[a b]\n',
      stderr: '',
    })
    expect(text([wrapper, extension, 'where'], `${home.home}/plain`).stdout).toContain('bare')
  })

  it('a program that the box shows anyway is found there as well, under the agent’s name', () => {
    const own = `${project}/tools/claude`
    home.write(own, AGENT, 0o755)
    expect(text([wrapper, own, 'where'], project).stdout).toContain('boxed')
    rmSync(`${project}/tools`, { recursive: true })
    expect(text([wrapper, '--as', 'claude', '/bin/echo', 'a'], project).stdout).toBe('a\n')
  })

  it('AGENTBOX_BYPASS=1 and off start it without a box, and say so', () => {
    const env = { AGENTBOX_BYPASS: '1' }
    for (const done of [
      text([wrapper, extension, 'where'], project, env),
      text([home.node, home.agentbox, 'run', '--', extension, 'where'], project, env),
      text([home.node, home.agentbox, 'off', '--', extension, 'where'], project),
    ]) {
      expect(done).toMatchObject({ status: 0, stdout: expect.stringContaining('bare') as string })
      expect(done.stderr).toMatch(
        /^agentbox: WARNING: .*claude runs WITHOUT its box, although .*agentboxrc wants one/,
      )
    }
    const quiet = text([home.node, home.agentbox, 'off', '--', extension, 'where'], `${home.home}/plain`)
    expect(quiet.stderr).toBe('')
    const asked = text([home.node, home.agentbox, 'run', '--', extension, 'where'], `${home.home}/plain`, env)
    expect([asked.stdout.includes('bare'), asked.stderr.includes('WITHOUT')]).toEqual([true, true])
    const log = text([home.node, home.agentbox, 'log', '--json'], project)
    expect(log.stdout).toContain('bypassed')
  })

  it('off reaches what shims stand before, also in programs that it starts', () => {
    const bin = `${home.home}/bin`
    home.dir(bin)
    symlinkSync(extension, `${bin}/claude`)
    const PATH = `${home.home}/.local/share/agentbox/shims:${bin}:${home.env['PATH']}`
    for (const command of [['claude'], ['sh', '-c', 'claude "$@"', 'sh']]) {
      const done = text([home.node, home.agentbox, 'off', '--', ...command, 'where'], project, { PATH })
      expect(done.stdout).toContain('bare')
    }
    expect(text(['sh', '-c', 'claude where'], project, { PATH }).stdout).toContain('boxed')
  })

  it('bypass: never refuses all of them, also where the repository’s policy cannot be read', () => {
    home.write(`${home.home}/.config/agentbox/config.yaml`, 'version: 1\nbypass: never\n')
    home.write(`${project}/.agentboxrc`, 'nonsense: [\n')
    const env = { AGENTBOX_BYPASS: '1' }
    for (const done of [
      text([wrapper, extension, 'where'], project, env),
      text([home.node, home.agentbox, 'run', '--', extension, 'where'], project, env),
      text([home.node, home.agentbox, 'off', '--', extension, 'where'], project),
      text([home.node, home.agentbox, 'wrap', extension, 'where'], project, env),
    ]) {
      expect(done).toMatchObject({ status: 125, stdout: '' })
      expect(done.stderr).toContain('config.yaml:2:1: bypass: never')
    }
    home.write(`${home.home}/.config/agentbox/config.yaml`, 'bypass: perhaps\n')
    expect(text([wrapper, extension, 'where'], project, env)).toMatchObject({ status: 125, stdout: '' })
  })

  it('ends as the program does', () => {
    const agent = `${home.home}/bin2/claude`
    home.write(agent, '#!/bin/sh\n[ "$1" = kill ] && kill -TERM $$\nexit ${1:-0}\n', 0o755)
    const off = (...args: string[]) =>
      call([home.node, home.agentbox, 'wrap', agent, ...args], `${home.home}/plain`)
    expect([off('7').status, off('kill').signal]).toEqual([7, 'SIGTERM'])
    expect(off().status).toBe(0)
    expect(call([home.node, home.agentbox, 'wrap', `${agent}x`], project).status).toBe(127)
    expect(readdirSync(project)).toEqual(['.agentboxrc'])
  })
})
