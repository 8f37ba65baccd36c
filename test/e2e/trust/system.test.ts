import { rmSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import { as } from '../../support/who.ts'
import type { Ended } from '../../support/spawn.ts'

interface Plan {
  network: string
  env: Record<string, string>
}

// No variable leads agentbox to another file, so the tests give it another /etc, in a mount namespace.
describe('/etc/agentbox/config.yaml', () => {
  let at: TestHome
  let project: string

  /** Runs agentbox as an ordinary user with this file; `prepare` is a script that may spoil it, in /etc. */
  function under(config: string, args: readonly string[], prepare = ':', env = {}): Promise<Ended> {
    at.write(`${at.base}/system.yaml`, config)
    const script = [
      'set -e',
      'mount --bind "$1" /etc; mkdir -p /etc/agentbox; cd /etc/agentbox; rm -rf config.*',
      'chown root:root .; chmod 755 .; install -m 644 "$2" config.yaml',
      prepare,
      'cd "$3"; shift 3; exec "$@"',
    ].join('\n')
    const inner = as('user', [at.node, at.agentbox, ...args])
    const outer = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh']
    return at.root([...outer, `${at.base}/etc`, `${at.base}/system.yaml`, project, ...inner], { env })
  }
  const own = (text: string): void =>
    at.write(`${at.home}/.config/agentbox/config.yaml`, `version: 1\n${text}`)
  const rc = (text: string): void => at.write(`${project}/.agentboxrc`, `version: 1\n${text}`)
  const planOf = async (config: string, options: string[] = []): Promise<Plan> => {
    const done = await under(config, ['plan', '--format', 'json', ...options])
    expect(done).toMatchObject({ status: 0 })
    return JSON.parse(done.stdout) as Plan
  }

  beforeAll(async () => {
    at = makeHome('user')
    project = `${at.home}/work/p`
    at.write(`${project}/prod/a`, 'a\n')
    await at.must(['git', 'init', '-q', project])
    await at.root(['cp', '-a', '/etc', `${at.base}/etc`])
  })
  beforeEach(() => {
    for (const path of [`${at.home}/.config/agentbox`, `${project}/.agentboxrc`])
      rmSync(path, { recursive: true, force: true })
  })
  afterAll(() => at.remove())

  it('is the widest that user, repository and options can choose', async () => {
    const none = 'version: 1\nnetwork: {mode: none}\n'
    own('network: {mode: host}\ntrust: {directories: [~/work]}\n')
    rc('network: {mode: host}\n')
    expect((await planOf(none)).network).toBe('none')
    expect((await planOf(none, ['--network', 'host'])).network).toBe('none')
    expect((await planOf('version: 1\n', ['--network', 'none'])).network).toBe('none')
    expect((await planOf('version: 1\n')).network).toBe('host')
  })

  it('its ceiling holds for what is approved', async () => {
    rc('filesystem: {read: [../other]}\n')
    own('trust: {directories: [~/work]}\n')
    const done = await under(`version: 1\nceiling: ["${at.home}/work/other"]\n`, ['run', '--', 'true'])
    expect(done.status).toBe(125)
    expect(done.stderr).toContain('is beyond the ceiling')
    expect(done.stderr).toContain('/etc/agentbox/config.yaml:2')
  })

  it('its ceiling holds for the user too', async () => {
    const config = `version: 1\nceiling: ["${at.home}/work/other"]\n`
    at.write(`${at.home}/work/other/a`, 'a\n')
    const option = await under(config, ['run', '--read', `${at.home}/work/other/a`, '--', 'true'])
    expect(option.status).toBe(2)
    expect(option.stderr).toContain('beyond the ceiling of this machine')
    own('filesystem: {write: [~/work/other]}\n')
    expect((await under(config, ['run', '--', 'true'])).status).toBe(125)
    expect((await under('version: 1\n', ['run', '--', 'true'])).status).toBe(0)
  })

  it('its bypass: never cannot be lifted', async () => {
    own('bypass: ask\n')
    rc('')
    const bypass = { AGENTBOX_BYPASS: '1' }
    const free = await under('version: 1\n', ['run', '--', 'echo', 'ran'], ':', bypass)
    expect(free.stdout).toBe('ran\n')
    const refused = await under('version: 1\nbypass: never\n', ['run', '--', 'echo', 'ran'], ':', bypass)
    expect(refused).toMatchObject({ status: 125, stdout: '' })
    expect(refused.stderr).toContain('/etc/agentbox/config.yaml:2')
  })

  it('its restrictions hold in every repository, and its trust spares the question', async () => {
    rc('env: {pass: [CI]}\n')
    const config = `version: 1\nfilesystem: {hide: [prod]}\ntrust: {grants: ["env CI"]}\n`
    const done = await under(config, ['run', '--', 'ls', '-A', 'prod'])
    expect(done).toMatchObject({ status: 0, stdout: '' })
  })

  it.each<[string, string, string]>([
    ["another user's file", 'chown 12345 config.yaml', 'config.yaml: does not belong to root'],
    ['a file that others write', 'chmod 666 config.yaml', 'config.yaml: can be written by others than root'],
    ['a file of a group', 'chmod 664 config.yaml', 'config.yaml: can be written by others than root'],
    ["another user's directory", 'chown 12345 .', '/etc/agentbox: does not belong to root'],
    ['a directory that others write', 'chmod 777 .', '/etc/agentbox: can be written by others than root'],
    ['a link', 'mv config.yaml x; ln -s x config.yaml', 'config.yaml: is a symbolic link'],
    [
      'a link for a directory',
      'mv ../agentbox ../x; ln -s x ../agentbox',
      '/etc/agentbox: is a symbolic link',
    ],
    ['two files', 'cp config.yaml config.json', 'two policy files in one directory'],
    ['a FIFO', 'rm config.yaml; mkfifo config.yaml', 'config.yaml: is a FIFO'],
    ['an unreadable file', 'chmod 600 config.yaml', 'config.yaml: cannot be read'],
    ['a wrong key', 'echo "ceilling: [/srv]" >>config.yaml', 'config.yaml:2:1: unknown key'],
  ])('%s starts nothing', async (_name, spoil, text) => {
    const done = await under('version: 1\n', ['run', '--', 'echo', 'ran'], spoil)
    expect(done).toMatchObject({ status: 125, stdout: '' })
    expect(done.stderr).toContain(text)
    await at.root(['rm', '-rf', `${at.base}/etc/agentbox`, `${at.base}/etc/x`])
  })
})
