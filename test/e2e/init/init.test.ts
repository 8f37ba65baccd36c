import { lstatSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeHome, type Options, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'
import type { Who } from '../../support/who.ts'
import { openTerminal, type Terminal } from '../terminal/terminal.ts'

const LIMIT = 30_000

describe.each(['user', 'root'] as const)('agentbox init, as %s', (who: Who) => {
  let at: TestHome
  let project: string
  const rc = (): string => `${project}/.agentboxrc`
  const init = (args: string[], options: Options = {}): Promise<Ended> =>
    at.launch(['init', ...args], { cwd: project, ...options }).ended

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/shop`
    at.write(`${project}/package.json`, '{"scripts": {"prepare": "touch ran"}}\n')
    at.write(`${project}/core/Cargo.toml`, '[package]\n')
    at.write(`${project}/vite.config.ts`, 'throw 1\n')
    at.write(`${project}/.yarnrc.yml`, 'npmRegistryServer: "https://npm.acme.dev"\n')
    at.write(`${project}/node_modules/x/go.mod`, 'module x\n')
    at.write(`${project}/.env`, 'TOKEN=1\n')
    at.write(`${project}/.env.example`, 'TOKEN=\n')
    at.write(`${project}/infra/a.tf`, 'a\n')
    at.write(`${at.home}/bin/claude`, '#!/bin/sh\n', 0o755)
    await at.must(['git', 'init', '-q', project])
    await at.must(['git', '-C', project, 'add', '-f', '.env'])
  })
  beforeEach(() => rmSync(rc(), { force: true }))
  afterAll(() => at.remove())

  it('prints a policy of what is there, and writes nothing', async () => {
    const before = readdirSync(project)
    const env = { PATH: `${at.home}/bin:${at.env['PATH']}` }
    const { status, stdout, stderr } = await init(['--print'], { env })
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain('On this machine: claude')
    expect(stdout).toMatch(/^ {4}- "@npm" .*# package\.json$/m)
    expect(stdout).toMatch(/^ {4}- "@crates" .*# core\/Cargo\.toml$/m)
    expect(stdout).toMatch(/^ {2}# {3}- npm\.acme\.dev .*# \.yarnrc\.yml$/m)
    expect(stdout).toMatch(/^# {3}\.env {3}tracked$/m)
    // What other people's packages bring says nothing about this project.
    expect(stdout).not.toContain('@go')
    expect(readdirSync(project)).toEqual(before)
  })

  it('writes it with --yes from a directory further in, and verify passes with it', async () => {
    const done = await init(['--yes'], { cwd: `${project}/core` })
    expect([done.status, done.stdout]).toEqual([0, ''])
    expect(done.stderr).toContain('agentbox allow')
    expect(lstatSync(rc()).mode & 0o777).toBe(0o644)
    const verified = await at.launch(['verify', '--without-grants'], { cwd: project }).ended
    expect([verified.status, verified.stdout]).toEqual([0, expect.stringContaining(' 0 failed')])
  })

  it.each<[string, () => void]>([
    ['a policy', () => writeFileSync(rc(), 'version: 1\n')],
    ['one that is invalid', () => writeFileSync(rc(), 'nonsense: [\n')],
    ['a dangling link', () => symlinkSync(`${at.home}/elsewhere`, rc())],
  ])('never writes over %s', async (_, make) => {
    make()
    const before = lstatSync(rc())
    const { status, stderr } = await init(['--yes'])
    expect([status, stderr]).toEqual([125, expect.stringContaining('never writes over anything')])
    expect(lstatSync(rc())).toMatchObject({ ino: before.ino, size: before.size })
    expect(readdirSync(at.home)).not.toContain('elsewhere')
  })

  it('takes names and registries of a repository that is set against it as text', async () => {
    const other = `${at.home}/work/hostile`
    const odd = ['a\u202eb', 'new\nline', '\x1b[31mred', 'quo\'te"s', '*', '~', 'x: y #', '\udcff']
    for (const name of odd) {
      at.write(`${other}/${name}/.env`, 'TOKEN=1\n')
      at.write(`${other}/${name}/package.json`, '{}\n')
    }
    at.write(`${other}/.yarnrc.yml`, 'npmRegistryServer: "https://x\x1b]0;y\u202e.dev"\n'.repeat(9999))
    at.write(`${other}/pyproject.toml/a`, 'a\n')
    await at.must(['mkfifo', `${other}/requirements.txt`])
    symlinkSync('/etc/shadow', `${other}/pip.conf`)
    symlinkSync('loop', `${other}/Gemfile`)
    const began = Date.now()
    const done = await init(['--yes'], { cwd: other })
    expect([done.status, done.stdout]).toEqual([0, ''])
    expect(Date.now() - began).toBeLessThan(60_000)
    const text = readFileSync(`${other}/.agentboxrc`, 'utf8')
    // oxlint-disable-next-line no-control-regex
    expect(text + done.stderr).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\udc80-\udcff]/,
    )
    const shows = await at.launch(['status'], { cwd: other }).ended
    expect([shows.status, shows.stderr]).toEqual([0, ''])
  })

  it('masks files by what is in them, and says what git has of secrets and how it goes away', async () => {
    const other = `${at.home}/work/leaky`
    const key = `ghp_${'q3wErTy7UiOp'.repeat(3)}`
    at.write(`${other}/deploy/prod [1].txt`, `one\nkey=${key}\n`)
    at.write(`${other}/fine.txt`, `key=${key} # agentbox: allow-secret\n`)
    const script = `git init -q && git config user.email a@b && git config user.name a
      echo 1 > .env && git add -f .env && git commit -qm one && git rm -q --cached .env && git commit -qm two
      echo 2 > "it's.pem" && git add -f . ':!deploy' && git stash -q && echo 3 > .env.local && git add -f .env.local && git reset -q`
    await at.must(['sh', '-ec', script], { cwd: other })
    const done = await init(['--yes'], { cwd: other })
    expect([done.status, done.stdout]).toEqual([0, ''])
    expect(done.stderr).toMatch(/^ {2}\.env {3}(?:\w+, )*history/m)
    expect(done.stderr).toContain('git filter-repo --invert-paths --path .env')
    expect(done.stderr).toMatch(/^ {2}it's\.pem {3}stash \(/m)
    expect(done.stderr).toMatch(/^ {2}\.env\.local {3}staged\n {4}git reflog expire/m)
    expect(readFileSync(`${other}/.agentboxrc`, 'utf8')).not.toContain('fine.txt')
    const masks = await at.launch(['masks'], { cwd: other }).ended
    expect(masks.stdout).toContain('deploy/prod [1].txt')
    const read = await at.launch(['run', '--', 'cat', 'deploy/prod [1].txt'], { cwd: other }).ended
    expect(read).toMatchObject({ status: 0, stdout: '' })
  })

  it('asks nobody where there is no terminal', async () => {
    const { status, stderr } = await init([])
    expect([status, stderr]).toEqual([2, expect.stringContaining('--yes or --print')])
    expect(readdirSync(project)).not.toContain('.agentboxrc')
  })
})

describe('agentbox init on a terminal', () => {
  let at: TestHome
  let project: string
  let terminal: Terminal

  beforeAll(async () => {
    at = makeHome('user')
    project = `${at.home}/work/shop`
    at.write(`${project}/package.json`, '{}\n')
    at.write(`${project}/.yarnrc.yml`, 'npmRegistryServer: "https://npm.acme.dev"\n')
    at.write(`${project}/.env`, 'TOKEN=1\n')
    at.write(`${project}/.env.example`, 'TOKEN=\n')
    at.write(`${at.home}/ab`, `#!/bin/sh\nexec '${at.node}' '${at.agentbox}' "$@"\n`, 0o755)
    await at.must(['git', 'init', '-q', project])
    terminal = await openTerminal(at, 'bash', project)
  })
  afterAll(() => {
    terminal.close()
    at.remove()
  })

  it('writes nothing when the user goes away', async () => {
    terminal.type('clear; $HOME/ab init; echo end $?')
    await terminal.shows(/What may agents reach/, LIMIT)
    terminal.key('Escape')
    await terminal.shows(/^end 1$/m, LIMIT)
    expect(readdirSync(project)).not.toContain('.agentboxrc')
  })

  it('writes what was chosen', async () => {
    terminal.type('clear; $HOME/ab init >out.txt; echo end $?')
    await terminal.shows(/What may agents reach/, LIMIT)
    terminal.key('Enter')
    await terminal.shows(/Which registries/, LIMIT)
    // The private one, which is only offered, stands second.
    terminal.key('Down')
    terminal.key('Space')
    terminal.key('Enter')
    await terminal.shows(/in place of \.env/, LIMIT)
    terminal.key('Enter')
    await terminal.shows(/Write .*agentboxrc\?/, LIMIT)
    terminal.key('Enter')
    await terminal.shows(/Install the git hooks/, LIMIT)
    terminal.key('Enter')
    await terminal.shows(/^end 0$/m, LIMIT)
    expect(readdirSync(`${project}/.git/hooks`)).toContain('pre-commit')
    const text = readFileSync(`${project}/.agentboxrc`, 'utf8')
    expect(text).toMatch(/^ {4}- "@npm" /m)
    expect(text).toMatch(/^ {4}- npm\.acme\.dev /m)
    expect(text).toMatch(/^ {2}substitute: \{\.env: \.env\.example\}/m)
    expect(readFileSync(`${project}/out.txt`, 'utf8')).toBe('')
  })
})
