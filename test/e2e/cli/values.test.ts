import { symlinkSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'

let at: TestHome
let project: string
const call = (args: readonly string[]): Promise<Ended> => at.launch(args, { cwd: project }).ended

beforeAll(() => {
  at = makeHome('user')
  project = `${at.home}/work/shop`
  at.dir(project)
  at.dir(`${at.home}/.ssh`, 0o700)
  symlinkSync(`${at.home}/.local/state/agentbox`, `${at.home}/link`)
  at.dir(`${at.home}/.local/state/agentbox`, 0o700)
})
afterAll(() => at.remove())

/** An option of the policy, values that no policy could have, and a word of what is said. */
const WRONG = [
  ['read', '/', 'open all of /'],
  ['read', '~', 'open all of'],
  ['read', '~other/x', "another user's home"],
  ['read', '$HOME/x', 'variable'],
  ['read', 'a\nb', 'line break'],
  ['read', '\u202ea', 'invisible'],
  ['read', 'x'.repeat(5000), 'longer than'],
  ['read', '~/link', 'which would open'],
  ['write', '../../..', 'open all of'],
  ['write', '*.txt', 'pattern'],
  ['readonly', '../x', 'not in this project'],
  ['hide', '.', 'whole project'],
  ['readonly', './', 'whole project read-only'],
  ['hide', '/etc', 'not in this project'],
  ['mask', '!x', ''],
  ['mask', 'a\tb', 'control'],
  ['pass', 'A B', 'variable name'],
  ['pass', '*', 'too much'],
  ['pass', 'AGENTBOX_X', "agentbox's own"],
  ['allow', 'https://x', 'scheme'],
  ['allow', 'a b', ''],
  ['allow', '@nothing', ''],
  ['allow', 'x:99999', ''],
  ['show', 'all', 'one of'],
  ['network', 'lan', 'one of'],
  ['home', 'mine', 'one of'],
] as const

describe('a value that an option cannot have is a mistake in the call', () => {
  it.each(WRONG)('run --%s %.20j', async (option, value, words) => {
    const done = await call(['run', `--${option}`, value, '--', 'echo', 'ran'])
    expect([done.status, done.stdout]).toEqual([2, ''])
    expect(done.stderr).toMatch(new RegExp(`^agentbox: --${option}\\b.*${words}.*\\n {10}.*--help`))
  })

  it.each(['plan', 'status', 'explain', 'verify', 'shell'])('%s says so as well', async (name) => {
    const rest = name === 'explain' ? ['.env'] : []
    const done = await call([name, '--allow', 'https://x', ...rest])
    expect([done.status, done.stdout]).toEqual([2, ''])
    expect(done.stderr).toContain('agentbox: --allow: "https://x" has a scheme')
  })

  it('two of them are both told, and a mistake of a policy file beside them is the policy', async () => {
    const both = ['run', '--allow', 'https://x', '--pass', 'A B', '--', 'true']
    const done = await call(both)
    expect([done.status, done.stderr]).toEqual([2, expect.stringMatching(/--pass: .*\n.*--allow: /)])
    at.write(`${project}/.agentboxrc`, 'version: 1\nnetwork: {allow: ["https://y"]}\n')
    expect(await call(['run', '--', 'true'])).toMatchObject({ status: 125 })
  })
})

describe('a path that is not there', () => {
  it.each(['read', 'write', 'hide', 'readonly'])('run --%s says so, and goes on', async (option) => {
    at.write(`${project}/.agentboxrc`, 'version: 1\n')
    const path = ['read', 'write'].includes(option) ? '../nowhere' : 'nowhere'
    const name = path === 'nowhere' ? path : `${at.home}/work/nowhere`
    const done = await call(['run', `--${option}`, path, '--', 'echo', 'ran'])
    expect([done.status, done.stdout]).toEqual([0, 'ran\n'])
    expect(done.stderr).toContain(`agentbox  filesystem.${option}: there is no ${name} (--${option})\n`)
  })

  it('a grant of the policy says so once it is approved, a link to nowhere as well', async () => {
    symlinkSync('/nowhere', `${at.home}/dangling`)
    at.write(`${project}/.agentboxrc`, 'version: 1\nfilesystem: {read: [~/dangling]}\n')
    expect((await call(['allow', '--yes'])).status).toBe(0)
    const done = await call(['run', '--', 'true'])
    const warning = `agentbox  filesystem.read: there is no ${at.home}/dangling (${project}/.agentboxrc:2)\n`
    expect([done.status, done.stderr]).toEqual([0, warning])
  })
})

describe('a variable that is not there', () => {
  it('run --pass says so, and goes on; a name of the policy may be missing', async () => {
    at.write(`${project}/.agentboxrc`, 'version: 1\n')
    at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\nenv: {pass: [NOWHERE, NONE_*]}\n')
    const args = ['run', '--pass', 'NOTHING', '--pass', 'SOME_*', '--pass', 'LANG', '--', 'echo', 'ran']
    const done = await at.launch(args, { cwd: project, env: { SOME_KEY: 'x' } }).ended
    const warning = 'agentbox  env.pass: there is no NOTHING in the environment (--pass)\n'
    expect([done.status, done.stdout, done.stderr]).toEqual([0, 'ran\n', warning])
    at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\n')
  })
})

describe('a part of a grant that is to be closed', () => {
  beforeAll(() => {
    at.write(`${at.home}/notes/private/a`, 'a\n')
    at.write(`${project}/.agentboxrc`, 'version: 1\n')
  })

  it.each(['hide', 'readonly'])('%s: no box, since the part would be open', async (key) => {
    const own = (access: string): void =>
      at.write(
        `${at.home}/.config/agentbox/config.yaml`,
        `version: 1\nfilesystem: {${access}: [~/notes], ${key}: [~/notes/private]}\n`,
      )
    own('write')
    const done = await call(['run', '--', 'true'])
    expect([done.status, done.stdout]).toEqual([125, ''])
    expect(done.stderr).toMatch(
      new RegExp(`config.yaml:2:.*filesystem.${key}: .*/notes/private is in .*/notes, which is granted by`),
    )
    own('read')
    expect((await call(['run', '--', 'true'])).status).toBe(key === 'hide' ? 125 : 0)
  })
})

it('deactivate says that it is for a shell that is activated', async () => {
  const done = await call(['deactivate'])
  expect([done.status, done.stdout]).toEqual([125, ''])
  expect(done.stderr).toMatch(/^agentbox: this shell is not activated.*\n.*agentbox activate --remove\n$/)
})

it('--as gives a command of PATH another name', async () => {
  const done = await call(['run', '--as', 'claude', '--', 'echo', 'ran'])
  expect([done.status, done.stdout]).toEqual([0, 'ran\n'])
  const none = await call(['run', '--as', 'claude', '--', 'no-such-command'])
  expect([none.status, none.stderr]).toEqual([127, 'agentbox: no-such-command: command not found\n'])
})

it('a command has as many arguments as bwrap takes, and beyond that it is said', async () => {
  at.write(`${project}/.agentboxrc`, 'version: 1\n')
  const counted = (count: number): Promise<Ended> =>
    call(['run', '--', 'sh', '-c', 'echo $#', 'sh', ...Array.from({ length: count }, () => 'x')])
  expect(await counted(8000)).toMatchObject({ status: 0, stdout: '8000\n' })
  const done = await counted(8990)
  expect([done.status, done.stdout]).toEqual([125, ''])
  expect(done.stderr).toMatch(/^agentbox: the command has 8993 arguments, .*\n {10}let a shell/)
})
