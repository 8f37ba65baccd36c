import { readdirSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Status } from '../../../src/session/status.ts'
import { makeHome, type Options, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'
import type { Who } from '../../support/who.ts'

const SECRET = 'value-that-is-nobodys'

describe.each(['user', 'root'] as const)('agentbox status, as %s', (who: Who) => {
  let at: TestHome
  let project: string
  const ended = async (args: string[], options: Options = {}): Promise<Ended> => {
    const input = { cwd: project, env: { APP_TOKEN: SECRET, CI: '1' }, ...options }
    const done = await at.launch(['status', ...args], input).ended
    const text = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8')
    return { ...done, stdout: text(done.stdout), stderr: text(done.stderr) }
  }
  const status = async (options: Options = {}): Promise<Status> => {
    const done = await ended(['--json'], options)
    expect([done.status, done.stderr]).toEqual([0, ''])
    return JSON.parse(done.stdout) as Status
  }

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/shop`
    at.write(
      `${project}/.agentboxrc`,
      'version: 1\nfilesystem: {read: [~/notes], hide: [infra/], readonly: [docs/]}\nenv: {pass: [CI]}\nnetwork: {allow: ["@npm"]}\n',
    )
    at.write(`${project}/.env`, 'TOKEN=1\n')
    at.write(`${project}/infra/a.tf`, 'a\n')
    at.write(`${project}/docs/a.md`, 'a\n')
    at.write(`${at.home}/notes/a.txt`, 'a\n')
    at.write(`${at.home}/.bashrc`, '')
    await at.must(['git', 'init', '-q', project])
    await at.must(['git', '-C', project, 'add', '-f', '.env'])
  })
  afterAll(() => at.remove())

  it('describes the box without the grants that nobody approved, and lists those', async () => {
    const found = await status()
    expect(found.policies).toEqual([expect.objectContaining({ state: 'pending', pending: 3 })])
    expect(found.pending.map(({ kind, value }) => `${kind} ${value}`).toSorted()).toEqual([
      'env CI',
      'network @npm',
      `read ${at.home}/notes`,
    ])
    expect(found.files.granted).toEqual([])
    expect(found.env.withheld).toContain('CI')
    expect(found.network.allow.map(({ value }) => value)).toEqual(['@agent'])
  })

  it('leaves it to explain to say which of them would change what', async () => {
    const { stdout } = await at.launch(['explain', 'CI', 'registry.npmjs.org', '~/notes/a.txt', '~/other'], {
      cwd: project,
    }).ended
    const [ci, npm, notes, other] = stdout.split('\n\n')
    expect(ci).toMatch(/withheld\n[^]*asked for and not approved: env CI \(.*\.agentboxrc:3\)/)
    expect(npm).toMatch(/refused\n[^]*asked for and not approved: network @npm \(.*\.agentboxrc:4\)/)
    expect(notes).toMatch(/absent\n[^]*asked for and not approved: read .*notes \(.*\.agentboxrc:2\)/)
    expect(other).not.toContain('asked for')
  })

  it('changes nothing in the repository', async () => {
    const names = (): string[] => (readdirSync(project, { recursive: true }) as string[]).toSorted()
    const before = names()
    await status()
    expect(names()).toEqual(before)
  })

  it('lists masks, protected and hidden paths, and what git has of the masked ones', async () => {
    const { files, warnings } = await status()
    expect(files.masked).toEqual([expect.objectContaining({ path: `${project}/.env`, tracked: true })])
    expect(files.hidden.map(({ path }) => path)).toEqual([`${project}/infra`])
    const closed = files.protected.map(({ path }) => path)
    expect(closed).toEqual(expect.arrayContaining([`${project}/docs`, `${project}/.agentboxrc`]))
    expect(warnings.join('\n')).toMatch(/^\.env is tracked by git/m)
  })

  it('counts variables that look like secrets, and prints no value', async () => {
    const { env } = await status()
    expect(env.secret).toEqual(['APP_TOKEN'])
    const { stdout, stderr } = await ended([])
    expect(stdout).toContain('1 of them named like secrets')
    expect(stdout + stderr + JSON.stringify(await status())).not.toContain(SECRET)
  })

  it('is one screen of 80 columns', async () => {
    const { stdout, stderr, status: code } = await ended([])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^~\/work\/shop · \.agentboxrc: 3 grants not approved · no live box\n/)
    for (const word of ['files ', 'network ', 'env ', 'shell ', 'git ']) {
      expect(stdout).toMatch(new RegExp(`^${word}`, 'm'))
    }
    const lines = stdout.split('\n')
    expect(lines.length).toBeLessThan(30)
    expect(lines.filter((line) => line.length > 80 && !line.includes('tracked by git'))).toEqual([])
  })

  it('knows live boxes of this project, and no others', async () => {
    const box = at.launch(['run', '--without-grants', '--quiet', '--', 'sh', '-c', 'echo up; sleep 300'], {
      cwd: project,
    })
    await box.says('up')
    const { sessions } = await status()
    expect(sessions).toEqual([
      expect.objectContaining({ project, command: ['sh', '-c', 'echo up; sleep 300'] }),
    ])
    expect((await ended([])).stdout).toMatch(/1 live box: sh, \d min/)
    at.write(`${at.home}/work/other/a`, 'a\n')
    expect((await status({ cwd: `${at.home}/work/other` })).sessions).toEqual([])
    box.child.kill('SIGTERM')
    await box.ended
  })

  it('says what was approved, and shows it in the box', async () => {
    await at.must([at.node, at.agentbox, 'allow', '--yes'], { cwd: project })
    const found = await status()
    expect(found.policies[0]).toMatchObject({ state: 'approved', approved: 3 })
    expect(found.files.granted).toEqual([
      { path: `${at.home}/notes`, access: 'ro', why: expect.stringMatching(/\.agentboxrc:2$/) },
    ])
    expect(found.env.passed).toContain('CI')
  })

  it('says what a host network and the ssh agent mean', async () => {
    at.write(`${at.home}/work/open/.agentboxrc`, 'version: 1\nmasks: {patterns: ["*.x"]}\n')
    at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\nssh: agent\nnetwork: {mode: host}\n')
    const { stdout } = await ended([], { cwd: `${at.home}/work/open` })
    rmSync(`${at.home}/.config/agentbox/config.yaml`)
    expect(stdout).toMatch(/^network +host \(.*config\.yaml:3\): that of this machine, unfiltered$/m)
    expect(stdout).toMatch(/^ +ssh +your agent's keys \(.*config\.yaml:2\)$/m)
    expect(stdout).toContain('agents reach every service of this machine')
    expect(stdout).toContain('agents can log in wherever your ssh agent can')
  })

  it('names the file and the line of a policy that is invalid, with 125', async () => {
    at.write(`${at.home}/work/bad/.agentboxrc`, 'version: 1\nfilesytem: {}\n')
    const done = await ended([], { cwd: `${at.home}/work/bad` })
    expect([done.status, done.stdout, done.stderr]).toEqual([
      125,
      '',
      expect.stringContaining('.agentboxrc:2:1'),
    ])
  })
})
