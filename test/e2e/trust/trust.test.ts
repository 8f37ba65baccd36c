import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { cpSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'
import type { Who } from '../../support/who.ts'

const RC = 'version: 1\nfilesystem: {read: [../shared]}\nenv: {pass: [CI]}\n'
const PRINT = ['run', '--', 'sh', '-c', 'echo "ci=$CI"; cat ../shared/a 2>/dev/null; true']

// What does not depend on the user is tried as an ordinary one.
describe.each(['user', 'root'] as const)('approvals, as %s', (who: Who) => {
  const ordinary = (name: string, work: () => Promise<void>): void => {
    if (who === 'user') it(name, work)
  }
  let at: TestHome
  let project: string
  const agentbox = (args: string[], cwd = project): Promise<Ended> =>
    at.launch(args, { cwd, env: { CI: 'yes' } }).ended
  const records = (): string[] => {
    const dir = `${at.home}/.local/state/agentbox/trust`
    return existsSync(dir) ? readdirSync(dir).map((name) => readFileSync(`${dir}/${name}`, 'utf8')) : []
  }

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/shop`
    at.write(`${at.home}/work/shared/a`, 'shared\n')
    at.write(`${project}/a.txt`, 'a\n')
    await at.must(['git', 'init', '-q', project])
  })
  beforeEach(() => {
    rmSync(`${at.home}/.local/state/agentbox/trust`, { recursive: true, force: true })
    rmSync(`${at.home}/.config/agentbox`, { recursive: true, force: true })
    at.write(`${project}/.agentboxrc`, RC)
  })
  afterAll(() => at.remove())

  it('a launch without one is refused, names what is asked for and how to go on', async () => {
    const done = await agentbox(PRINT)
    expect(done).toMatchObject({ status: 125, stdout: '' })
    const text = Buffer.from(done.stderr, 'latin1').toString()
    expect(text).toMatch(/asks for 2 grants that you have not approved; nothing was started/)
    expect(text).toMatch(/read +\S+\/work\/shared +\S+\/\.agentboxrc:2/)
    expect(text).toMatch(/env +CI +\S+\/\.agentboxrc:3/)
    for (const command of ['allow --show', 'allow', 'run --without-grants -- sh -c'])
      expect(text).toContain(`agentbox ${command}`)
    expect(text).toContain('trust.grants in your config.yaml')
    expect(records()).toEqual([])
  })

  ordinary('the way on without them is of the same command, with its options', async () => {
    const ways = [
      [['plan', '--hide', 'a b', '--', 'echo', 'a b'], "plan --hide 'a b' --without-grants -- echo 'a b'"],
      [['plan'], 'plan --without-grants'],
      [['verify', '--all'], 'verify --without-grants'],
      [['shell', '--home', 'ephemeral'], 'shell --home ephemeral --without-grants'],
      [['run', '--as', 'claude', '--hide', 'a', '--', 'echo'], 'run --hide a --without-grants -- claude'],
    ] as const
    for (const [args, way] of ways) {
      const done = await agentbox([...args])
      expect(done).toMatchObject({ status: 125, stdout: '' })
      expect(/^ *without them: agentbox (.*)$/m.exec(done.stderr)?.[1]).toBe(way)
      if (args[0] !== 'plan') continue
      const again = await at.bare(['sh', '-c', `"$0" "$1" ${way}`, at.node, at.agentbox], { cwd: project })
      expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining('bwrap') })
    }
  })

  ordinary('--without-grants goes on without them, and approves nothing', async () => {
    const done = await agentbox(['run', '--without-grants', ...PRINT.slice(1)])
    expect(done).toMatchObject({ status: 0, stdout: 'ci=\n' })
    expect((await agentbox(PRINT)).status).toBe(125)
  })

  it('allow gives what was asked for; a change asks for what is new only, a restriction for nothing', async () => {
    expect(await agentbox(['allow', '--yes'])).toMatchObject({ status: 0, stdout: '' })
    expect(await agentbox(PRINT)).toMatchObject({ status: 0, stdout: 'ci=yes\nshared\n' })
    at.write(`${project}/.agentboxrc`, `${RC}masks: {patterns: ["*.x"]}\n`)
    expect(await agentbox(PRINT)).toMatchObject({ status: 0, stdout: 'ci=yes\nshared\n' })
    at.write(`${project}/.agentboxrc`, RC.replace('[CI]', '[CI, FOO]'))
    const refused = await agentbox(PRINT)
    expect(refused.status).toBe(125)
    expect(refused.stderr).toContain('asks for 1 grant that you have not approved: env FOO')
    const shown = (await agentbox(['allow', '--show'])).stdout
    expect(shown).toMatch(/\+ env +FOO +\.agentboxrc:3\n +\(2 grants approved before\)/)
    expect(await agentbox(['allow', '--yes'])).toMatchObject({ status: 0 })
    expect((await agentbox(PRINT)).status).toBe(0)
  })

  ordinary('approves nothing where it cannot ask, and nothing by --show', async () => {
    const refused = await agentbox(['allow'])
    expect(refused).toMatchObject({ status: 125, stdout: '' })
    expect(refused.stderr).toContain('agentbox allow --yes')
    expect((await agentbox(['allow', '--show'])).status).toBe(0)
    expect(records()).toEqual([])
  })

  ordinary('says it as data', async () => {
    const { stdout } = await agentbox(['allow', '--show', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      project,
      policies: [{ path: `${project}/.agentboxrc`, state: 'pending', pending: 2, exact: false }],
      grants: [
        { kind: 'read', value: `${at.home}/work/shared`, line: 2, state: 'pending' },
        { kind: 'env', value: 'CI', line: 3, state: 'pending' },
      ],
    })
  })

  it('a no refuses without a question, holds over a trusted directory, and allow takes it back', async () => {
    await agentbox(['allow', '--yes'])
    at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\ntrust: {directories: [~/work]}\n')
    expect((await agentbox(['deny'])).status).toBe(0)
    const refused = await agentbox(PRINT)
    expect(refused.status).toBe(125)
    expect(refused.stderr).toMatch(/2 grants that you denied on \d{4}-/)
    expect((await agentbox(['allow', '--yes'])).status).toBe(0)
    expect((await agentbox(PRINT)).status).toBe(0)
  })

  ordinary("a trusted directory's policies are approved as they are", async () => {
    at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\ntrust: {directories: [~/work]}\n')
    expect(await agentbox(PRINT)).toMatchObject({ status: 0, stdout: 'ci=yes\nshared\n' })
    at.write(`${project}/.agentboxrc`, 'version: 1\nfilesystem: {read: ["~/.ssh"]}\n')
    expect((await agentbox(PRINT)).stderr).toContain('is beyond the ceiling')
  })

  ordinary('a record that somebody touched starts nothing', async () => {
    await agentbox(['allow', '--yes'])
    const dir = `${at.home}/.local/state/agentbox/trust`
    chmodSync(`${dir}/${readdirSync(dir)[0]}`, 0o644)
    const refused = await agentbox(PRINT)
    expect(refused).toMatchObject({ status: 125, stdout: '' })
    expect(refused.stderr).toContain('cannot believe its record of approvals')
    expect((await agentbox(['deny'])).status).toBe(0)
    expect((await agentbox(['allow', '--yes'])).status).toBe(0)
    expect((await agentbox(PRINT)).status).toBe(0)
  })

  it('a copy elsewhere asks again; a linked worktree does not, for the same bytes', async () => {
    at.write(`${project}/.agentboxrc`, 'version: 1\nenv: {pass: [CI]}\n')
    const git = (...args: string[]): Promise<string> =>
      at.must(['git', '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: project })
    await git('add', '-A')
    await git('commit', '-qm', 'one', '--no-gpg-sign')
    await agentbox(['allow', '--yes'])
    const [copy, linked] = [`${at.home}/copy`, `${at.home}/linked`]
    await at.must(['cp', '-r', project, copy])
    await git('worktree', 'add', '-q', linked)
    expect((await agentbox(PRINT, copy)).status).toBe(125)
    expect(await agentbox(PRINT, linked)).toMatchObject({ status: 0, stdout: 'ci=yes\n' })
    at.write(`${linked}/.agentboxrc`, 'version: 1\n\nenv: {pass: [CI]}\n')
    expect((await agentbox(PRINT, linked)).status).toBe(125)
    // A work tree that only says so: git does not point back to it.
    await at.must(['cp', '-r', linked, `${at.home}/forged`])
    at.write(`${at.home}/forged/.agentboxrc`, 'version: 1\nenv: {pass: [CI]}\n')
    expect((await agentbox(PRINT, `${at.home}/forged`)).status).toBe(125)
    await git('worktree', 'remove', '--force', linked)
    for (const dir of [copy, `${at.home}/forged`]) rmSync(dir, { recursive: true })
  })

  ordinary('a policy of a package is protected in the box like the one that extends it', async () => {
    const base = `${project}/node_modules/@acme/policy`
    at.write(`${base}/package.json`, '{"agentbox": "box.yaml"}')
    at.write(`${base}/box.yaml`, 'version: 1\nfilesystem: {hide: [prod]}\nenv: {pass: [CI]}\n')
    at.write(`${project}/prod/key`, 'k\n')
    at.write(`${project}/.agentboxrc`, 'version: 1\nextends: "@acme/policy"\n')
    expect((await agentbox(PRINT)).stderr).toContain(`${base}/box.yaml:3`)
    await agentbox(['allow', '--yes'])
    const script = [
      'ls -A prod; echo "ci=$CI"',
      'for f in box.yaml package.json; do echo x >>node_modules/@acme/policy/$f; rm -f node_modules/@acme/policy/$f; done',
      'mv node_modules/@acme/policy x; mv node_modules/@acme x; mv node_modules x; true',
    ].join('\n')
    expect(await agentbox(['run', '--', 'sh', '-c', `(${script}) 2>/dev/null`])).toMatchObject({
      status: 0,
      stdout: 'ci=yes\n',
    })
    expect(readFileSync(`${base}/box.yaml`, 'utf8')).toContain('hide: [prod]')
    expect(readFileSync(`${base}/package.json`, 'utf8')).toBe('{"agentbox": "box.yaml"}')
    // Reinstalled with more in it: what is new is asked for.
    at.write(`${base}/box.yaml`, 'version: 1\nenv: {pass: [CI, MORE]}\n')
    expect((await agentbox(PRINT)).stderr).toContain('1 grant that you have not approved: env MORE')
    for (const dir of ['node_modules', 'prod']) rmSync(`${project}/${dir}`, { recursive: true })
  })

  ordinary(
    "the user's `always` reaches the shims by any command, and a slip in a restriction is said",
    async () => {
      at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\nalways: [~/work]\n')
      at.write(`${project}/.agentboxrc`, 'version: 1\nfilesystem: {hide: [typo/], readonly: [a.txt]}\n')
      expect((await agentbox(['masks'])).status).toBe(0)
      expect(readFileSync(`${at.home}/.local/state/agentbox/always`, 'utf8')).toBe(`${at.home}/work\n`)
      at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\n')
      const { stderr } = await agentbox(['run', '--', 'true'])
      expect(stderr).toContain('filesystem.hide: there is no typo')
      expect(stderr).not.toContain('a.txt')
      expect(readFileSync(`${at.home}/.local/state/agentbox/always`, 'utf8')).toBe('')
    },
  )

  describe('nothing in a box sees or writes the store', () => {
    const state = (): string => `${at.home}/.local/state/agentbox`
    const reach = (): string =>
      [
        `ls -A ${state()}/trust ${state()} $HOME/.local/state/agentbox link/trust 2>/dev/null`,
        `find / -xdev -name '*.json' -path '*agentbox/trust*' 2>/dev/null`,
        `mkdir -p ${state()}/trust; echo forged >${state()}/trust/forged.json`,
        `echo forged >link/forged 2>/dev/null; true`,
      ].join('; ')

    it.each([
      ['an ordinary box', []],
      ['with a link to it in the project', ['link']],
    ])('%s', async (_name, links) => {
      await agentbox(['allow', '--yes'])
      const before = records()
      for (const link of links) symlinkSync(state(), `${project}/${link}`)
      const script = `(${reach()}) 2>/dev/null; true`
      const done = await agentbox(['run', '--home', 'ephemeral', '--', 'sh', '-c', script])
      for (const link of links) rmSync(`${project}/${link}`)
      expect(done).toMatchObject({ status: 0, stdout: '' })
      expect(records()).toEqual(before)
    })

    it.each([
      ['the state', ''],
      ['the store', '/trust'],
      ['what is above', '/../..'],
    ])(
      '%s is granted to nobody: not by an option, not by the user, not by a repository',
      async (_name, part) => {
        const path = `${state()}${part}`
        for (const kind of ['read', 'write']) {
          at.write(`${project}/.agentboxrc`, 'version: 1\n')
          expect((await agentbox(['run', `--${kind}`, path, '--', 'true'])).status).toBe(2)
          at.write(`${project}/.agentboxrc`, `version: 1\nfilesystem: {${kind}: ["${path}"]}\n`)
          expect((await agentbox(['allow', '--yes'])).status).toBe(125)
        }
        at.write(`${project}/.agentboxrc`, 'version: 1\n')
        at.write(`${at.home}/.config/agentbox/config.yaml`, `version: 1\nfilesystem: {read: ["${path}"]}\n`)
        expect((await agentbox(['run', '--', 'true'])).status).toBe(125)
      },
    )

    it('agentbox in the box approves only for itself', async () => {
      cpSync(`${at.base}/app/dist`, `${project}/dist`, { recursive: true })
      if (who === 'user') await at.root(['chown', '-R', '12345:12345', `${project}/dist`])
      const inside = `node dist/agentbox.cjs allow --yes; echo status $?`
      const done = await agentbox([
        'run',
        '--home',
        'ephemeral',
        '--without-grants',
        '--',
        'sh',
        '-c',
        inside,
      ])
      rmSync(`${project}/dist`, { recursive: true })
      expect(done.stdout).toContain('status 0')
      expect(records()).toEqual([])
      expect((await agentbox(PRINT)).status).toBe(125)
    })
  })
})
