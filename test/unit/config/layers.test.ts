import { describe, expect, it } from 'vitest'
import { flagLayer } from '../../../src/config/flags.ts'
import { substitutionGrants } from '../../../src/config/grants.ts'
import { toolchains } from '../../../src/host/toolchains.ts'
import { all, asked, HOME, issuesOf, none, PROJECT, resolve } from './layer.ts'

const values = (list: readonly { value: unknown }[]): unknown[] => list.map(({ value }) => value)

describe('the baseline', () => {
  it('holds where nobody says anything', async () => {
    const { policy, pending } = await resolve({})
    expect(pending).toEqual([])
    expect(policy.agents.value).toBe('all')
    expect(policy.filesystem.home.value).toBe('private')
    expect(policy.masks.show.value).toBe('empty')
    expect(policy.network.mode.value).toBe('allow')
    expect(values(policy.network.allow)).toEqual(['@agent'])
    expect(policy.ssh.value).toBe('none')
    expect(policy.protect.absent.value).toBe('quarantine')
    expect(policy.limits).toMatchObject({
      memory: undefined,
      processes: { value: 4096 },
      tmp: { value: 2 * 2 ** 30 },
    })
    expect([policy.bypass.value, policy.quiet.value, policy.always]).toEqual(['ask', false, []])
  })
})

describe('grants of a repository', () => {
  it.each<[string, object, string[]]>([
    [
      'read',
      { filesystem: { read: ['~/docs', '../other'] } },
      [`read ${HOME}/docs`, `read ${HOME}/work/other`],
    ],
    ['write', { filesystem: { write: ['../shared'] } }, [`write ${HOME}/work/shared`]],
    ['except', { masks: { except: ['.env.test'] } }, ['unmask .env.test']],
    ['pass', { env: { pass: ['CI', 'MYAPP_*'] } }, ['env CI', 'env MYAPP_*']],
    ['ssh', { ssh: 'agent' }, ['ssh agent']],
    ['protect', { protect: { absent: 'report' } }, ['protect report']],
    ['hosts', { network: { allow: ['a.b', '@npm'] } }, ['network a.b', 'network @npm']],
    ['mode', { network: { mode: 'host' } }, ['network mode: host']],
    ['no hosts for a stricter mode', { network: { mode: 'none', deny: ['a.b'] } }, []],
    [
      'ports',
      { network: { ports: [5432], expose: [3000] } },
      ['network port 5432', 'network expose port 3000'],
    ],
    [
      'hosts in other alphabets by their ASCII',
      { network: { allow: ['bücher.example'] } },
      ['network xn--bcher-kva.example'],
    ],
  ])('%s', async (_name, repo, wanted) => {
    expect(asked((await resolve({ repo })).pending)).toEqual(wanted)
    expect((await resolve({ repo, approvals: all })).pending).toEqual([])
  })

  it.each<[string, object, object, string[]]>([
    [
      'read',
      { filesystem: { read: ['~/docs'] } },
      { filesystem: { read: ['~/docs/a', '~/more'] } },
      [`read ${HOME}/more`],
    ],
    ['read by write', { filesystem: { write: ['~/docs'] } }, { filesystem: { read: ['~/docs'] } }, []],
    [
      'write not by read',
      { filesystem: { read: ['~/d'] } },
      { filesystem: { write: ['~/d'] } },
      [`write ${HOME}/d`],
    ],
    ['pass', { env: { pass: ['MYAPP_*'] } }, { env: { pass: ['MYAPP_X', 'MYAPP_X*', 'CI'] } }, ['env CI']],
    [
      'hosts',
      { network: { mode: 'allow', allow: ['*.a.b'] } },
      { network: { allow: ['x.a.b', 'A.b'] } },
      ['network a.b'],
    ],
    ['mode', { network: { mode: 'allow' } }, { network: { mode: 'host' } }, ['network mode: host']],
    ['mode none', { network: { mode: 'none' } }, { network: { mode: 'allow' } }, ['network mode: allow']],
    ['home', { filesystem: { home: 'ephemeral' } }, { filesystem: { home: 'private' } }, ['home private']],
    ['show', { masks: { show: 'empty' } }, { masks: { show: 'keys' } }, ['names keys']],
    ['ssh', { ssh: 'agent' }, { ssh: 'agent' }, []],
    ['protect', { protect: { absent: 'report' } }, { protect: { absent: 'report' } }, []],
  ])('are relative to what the user gives everybody: %s', async (_name, user, repo, wanted) => {
    expect(asked((await resolve({ user, repo })).pending)).toEqual(wanted)
  })

  it('are in the policy when approved, and know their line', async () => {
    const repo = { filesystem: { read: ['~/docs'] } }
    const { policy, approved } = await resolve({ repo, approvals: all })
    const [value, file] = [`${HOME}/docs`, `${PROJECT}/.agentboxrc`]
    expect(policy.filesystem.read).toEqual([{ value, origin: { layer: 'repo', file, line: 5, column: 4 } }])
    expect(approved).toEqual([{ kind: 'read', value, file, line: 5, column: 4, by: 'approval' }])
  })

  it('are asked for with kind, value and file', async () => {
    const seen: string[] = []
    const approvals = {
      approver: (grant: { kind: string; value: string; file: string }) => {
        seen.push(`${grant.kind} ${grant.value} ${grant.file}`)
        return undefined
      },
    }
    await resolve({ repo: { env: { pass: ['CI'] } }, inner: { env: { pass: ['CI'] } }, approvals })
    expect(seen).toEqual([`env CI ${PROJECT}/.agentboxrc`, `env CI ${PROJECT}/sub/.agentboxrc`])
  })

  it('ask for nothing where the project has the path already, or a restriction covers it', async () => {
    const repo = { filesystem: { read: ['src', '~/hidden/a'], write: ['.vscode', '~/ro/x'] } }
    const user = { filesystem: { hide: ['~/hidden'], readonly: ['~/ro'] } }
    const { policy, pending } = await resolve({ user, repo, approvals: all })
    expect([policy.filesystem.read, policy.filesystem.write, pending]).toEqual([[], [], []])
  })
})

describe('the ceiling', () => {
  it.each([
    ...[
      '~',
      '~/',
      '/',
      '/home',
      '..//..',
      '~/.ssh',
      '~/.ssh/x',
      '~/work/../.ssh',
      '~/.config',
      '~/.local',
      '~/.aws/config',
    ],
    ...[
      '~/.config/gcloud/x',
      '~/.mozilla',
      '~/.config/agentbox',
      '~/.local/state/agentbox/x',
      '~/.local/share',
      '~/.netrc',
    ],
    ...[
      '~/.claude',
      '~/.claude.json',
      '~/.codex/auth.json',
      '/etc',
      '/etc/passwd',
      '/proc',
      '/proc/1',
      '/sys/fs',
      '/dev/kvm',
    ],
    ...[
      '/run',
      '/run/user/1000/bus',
      '/var/run/docker.sock',
      '/run/docker.sock',
      '/var',
      '/var/lib/docker',
      '/tmp',
      '/root/x',
    ],
  ])('no repository reads %s, approved or not', async (path) => {
    for (const approvals of [all, none]) {
      const [issue, ...rest] = await issuesOf({ repo: { filesystem: { read: [path] } }, approvals })
      expect(issue).toMatchObject({ key: 'filesystem.read', line: 5 })
      expect(issue!.problem).toMatch(/ceiling|would open all/)
      expect(rest).toEqual([])
    }
  })

  it.each([
    '~/.bashrc',
    '~/.config/fish/config.fish',
    '~/.local/bin',
    '~/.gitconfig',
    '~/.nvm',
    '/usr/local/bin',
    '/opt/x',
  ])('no repository writes %s, but may ask to read it', async (path) => {
    expect(await issuesOf({ repo: { filesystem: { write: [path] } }, approvals: all })).toHaveLength(1)
    expect(await issuesOf({ repo: { filesystem: { read: [path] } }, approvals: all })).toEqual([])
  })

  it('no toolchain is writable', async () => {
    const write = toolchains.flatMap(({ paths }) => paths.map((path) => `~/${path}`))
    expect(await issuesOf({ repo: { filesystem: { write } }, approvals: all })).toHaveLength(write.length)
  })

  it.each(['~/docs', '~/.config/some-tool', '~/.sshx', '~/work', '../q', '/srv/data', '/tmp/x', '/mnt/data'])(
    '%s is below it',
    async (path) => {
      expect(await issuesOf({ repo: { filesystem: { read: [path] } } })).toEqual([])
    },
  )

  it("is raised by the user's own, which is named", async () => {
    const issues = await issuesOf({
      user: { ceiling: ['~/taxes'] },
      repo: { filesystem: { read: ['~/taxes/2025'] } },
      approvals: all,
    })
    expect(issues[0]!.problem).toContain(
      `${HOME}/taxes (${HOME}/.config/agentbox/config.yaml:4) is granted to no repository`,
    )
  })

  it('knows one name by all its spellings', async () => {
    const repo = { filesystem: { read: ['~/m\udcc3\udcbcll'] } }
    expect(await issuesOf({ user: { ceiling: ['~/müll'] }, repo, approvals: all })).toHaveLength(1)
  })

  it.each([
    ['~/.aws', true],
    ['/run/user/1000/x.sock', true],
    ['/etc/ssl', true],
    ['~', false],
    ['/', false],
    ['/home', false],
    ['/proc/1', false],
    ['/dev', false],
    ['~/.config/agentbox', false],
    ['~/.local/state', false],
    ['/opt', false],
    ['/opt/tool', true],
    ['/moved/agentbox/sessions', false],
    ['/moved', false],
    ['/srv/closed/a', false],
    ['/srv/open', true],
  ])('the user gives every box %s: %s', async (path, wanted) => {
    const system = { ceiling: ['/srv/closed'] }
    const issues = await issuesOf({
      system,
      user: { filesystem: { read: [path] } },
      own: ['/moved/agentbox'],
    })
    expect(issues.length === 0).toBe(wanted)
  })
})

describe('restrictions', () => {
  it('add up over all layers', async () => {
    const { policy } = await resolve({
      user: { filesystem: { readonly: ['docs'], hide: ['/srv/x'] }, masks: { patterns: ['*.u'] } },
      repo: { filesystem: { readonly: ['a/'], hide: ['b'] }, masks: { patterns: ['*.r', '/x/*.r'] } },
      inner: { filesystem: { readonly: ['c'] }, masks: { patterns: ['*.i'] } },
    })
    expect(values(policy.filesystem.readonly)).toEqual([
      `${PROJECT}/docs`,
      `${PROJECT}/a`,
      `${PROJECT}/sub/c`,
    ])
    expect(values(policy.filesystem.hide)).toEqual(['/srv/x', `${PROJECT}/b`])
    expect(values(policy.masks.patterns)).toEqual([
      { pattern: '*.u', base: PROJECT },
      { pattern: '*.r', base: PROJECT },
      { pattern: '/x/*.r', base: PROJECT },
      { pattern: '*.i', base: `${PROJECT}/sub` },
    ])
  })

  it.each<[string, object, object | undefined, object | undefined, string, string]>([
    [
      'a repository narrows the default',
      {},
      { network: { mode: 'none' } },
      undefined,
      'network.mode',
      'none',
    ],
    [
      'an inner file narrows',
      {},
      { network: { mode: 'allow' } },
      { network: { mode: 'none' } },
      'network.mode',
      'none',
    ],
    [
      'an inner file does not widen',
      {},
      { network: { mode: 'none' } },
      { network: { mode: 'host' } },
      'network.mode',
      'none',
    ],
    [
      'a repository makes the home ephemeral',
      {},
      { filesystem: { home: 'ephemeral' } },
      undefined,
      'filesystem.home',
      'ephemeral',
    ],
    [
      'an inner file does not make it private',
      {},
      { filesystem: { home: 'ephemeral' } },
      { filesystem: { home: 'private' } },
      'filesystem.home',
      'ephemeral',
    ],
    ['the user widens the default', { ssh: 'agent' }, undefined, undefined, 'ssh', 'agent'],
    [
      'a repository takes the ssh agent away again',
      { ssh: 'agent' },
      { ssh: 'none' },
      undefined,
      'ssh',
      'none',
    ],
    ['a repository chooses how masks look', {}, { masks: { show: 'keys' } }, undefined, 'masks.show', 'keys'],
    [
      'the strictest look',
      {},
      { masks: { show: 'keys' } },
      { masks: { show: 'deny' } },
      'masks.show',
      'deny',
    ],
    [
      "but not against the user's word",
      { masks: { show: 'deny' } },
      { masks: { show: 'keys' } },
      undefined,
      'masks.show',
      'deny',
    ],
    [
      'quarantine comes back',
      { protect: { absent: 'report' } },
      { protect: { absent: 'quarantine' } },
      undefined,
      'protect.absent',
      'quarantine',
    ],
  ])('%s', async (_name, user, repo, inner, key, wanted) => {
    const { policy } = await resolve({ user, ...(repo && { repo }), ...(inner && { inner }) })
    const value = key
      .split('.')
      .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], policy)
    expect(value).toMatchObject({ value: wanted })
  })

  it.each<[object, object, number]>([
    [{}, { tmp: '1G' }, 2 ** 30],
    [{}, { tmp: '4G' }, 2 * 2 ** 30],
    [{ tmp: '8G' }, { tmp: '4G' }, 4 * 2 ** 30],
    [{ tmp: '8G' }, {}, 8 * 2 ** 30],
    [{ tmp: '1G' }, { tmp: '4G' }, 2 ** 30],
  ])('limits: user %j, repository %j → %d', async (user, repo, wanted) => {
    const { policy } = await resolve({ user: { limits: user }, repo: { limits: repo } })
    expect(policy.limits.tmp!.value).toBe(wanted)
  })

  it('a list of hosts stays closed for inner files once an outer one has closed it', async () => {
    const { policy, pending } = await resolve({
      user: { network: { mode: 'host' } },
      repo: { network: { mode: 'allow', allow: ['a.b'] } },
      inner: { network: { allow: ['a.b', 'c.d'] } },
    })
    expect(values(policy.network.allow)).toEqual(['@agent', 'a.b'])
    expect(asked(pending)).toEqual(['network c.d'])
  })

  it.each(['.', './'])('hide: %s is refused, the box needs a project', async (path) => {
    await expect(
      issuesOf({ repo: { filesystem: { hide: [path] } } }).then((issues) => issues.length),
    ).resolves.toBe(1)
  })
})

describe('preferences', () => {
  it('the outermost layer that sets a variable or substitutes a file has its way', async () => {
    const { policy } = await resolve({
      user: { env: { set: { A: 'user' } } },
      repo: {
        env: { set: { A: 'repo', B: 3000, C: true } },
        masks: { substitute: { '.env': '.env.agent' } },
      },
      inner: { env: { set: { B: 'inner' } }, masks: { substitute: { '.env': 'x' } } },
    })
    expect(values(policy.env.set)).toEqual([
      { name: 'A', value: 'user' },
      { name: 'B', value: '3000' },
      { name: 'C', value: 'true' },
    ])
    expect(values(policy.masks.substitute)).toEqual([
      { target: `${PROJECT}/.env`, source: `${PROJECT}/.env.agent` },
      { target: `${PROJECT}/sub/.env`, source: `${PROJECT}/sub/x` },
    ])
  })

  it('a substitution by a masked file is a grant, but for the user’s own', async () => {
    const { policy } = await resolve({
      user: { masks: { substitute: { 'b.env': 'b/secrets.json' } } },
      repo: { masks: { substitute: { '.env': 'secrets.json', 'a.env': 'a.sample' } } },
    })
    const masked = (path: string): boolean => path.endsWith('secrets.json')
    expect(asked(substitutionGrants(policy, masked))).toEqual([`unmask ${PROJECT}/secrets.json`])
  })

  it.each<[string, object | undefined, object | undefined, object | undefined, unknown]>([
    ['nobody', undefined, undefined, undefined, 'all'],
    ['the user', { agents: ['codex'] }, undefined, undefined, ['codex']],
    ['a repository', {}, { agents: ['claude'] }, undefined, ['claude']],
    ['an inner file takes none away', {}, { agents: ['claude'] }, { agents: ['codex'] }, ['claude', 'codex']],
    ['an outer file without it means all', {}, {}, { agents: ['codex'] }, 'all'],
    ["the user's stay", { agents: ['codex'] }, { agents: ['claude'] }, undefined, ['codex', 'claude']],
    ['always means all', { always: ['~/work'] }, { agents: ['claude'] }, undefined, 'all'],
    ['always elsewhere', { always: ['~/other'] }, { agents: ['claude'] }, undefined, ['claude']],
  ])('agents: %s', async (_name, user, repo, inner, wanted) => {
    const { policy } = await resolve({
      ...(user && { user }),
      ...(repo && { repo }),
      ...(inner && { inner }),
    })
    expect(policy.agents.value).toEqual(wanted)
  })

  it("the user's own keys", async () => {
    const { policy } = await resolve({ user: { always: ['~/work'], bypass: 'never', quiet: true } })
    expect([values(policy.always), policy.bypass.value, policy.quiet.value]).toEqual([
      [`${HOME}/work`],
      'never',
      true,
    ])
  })
})

describe('flags', () => {
  it('grant without asking, in the words of the one who typed them', async () => {
    const flags = flagLayer(
      { read: ['../x'], network: 'none', pass: ['CI'], processes: '64' },
      `${PROJECT}/sub`,
    )
    const { policy, pending } = await resolve({ repo: {}, flags })
    expect(policy.filesystem.read).toEqual([
      { value: `${PROJECT}/x`, origin: { layer: 'flag', file: '--read' } },
    ])
    expect(policy.network.mode).toEqual({ value: 'none', origin: { layer: 'flag', file: '--network' } })
    expect([policy.limits.processes?.value, pending]).toEqual([64, []])
  })

  it('lift no restriction', async () => {
    const flags = flagLayer(
      { network: 'host', home: 'private', show: 'keys', tmp: '8G', ssh: 'agent' },
      PROJECT,
    )
    const repo = {
      network: { mode: 'none' },
      filesystem: { home: 'ephemeral' },
      limits: { tmp: '1G' },
      ssh: 'none',
    }
    const { policy } = await resolve({ user: { masks: { show: 'deny' } }, repo, flags })
    expect([policy.network.mode.value, policy.filesystem.home.value, policy.masks.show.value]).toEqual([
      'none',
      'ephemeral',
      'deny',
    ])
    expect([policy.limits.tmp?.value, policy.ssh.value]).toEqual([2 ** 30, 'none'])
  })

  it('are checked like a file', () => {
    expect(() => flagLayer({ network: 'lan' }, PROJECT)).toThrow(
      expect.objectContaining({
        problem: {
          code: 'option-invalid',
          issues: [
            expect.objectContaining({ file: '--network', problem: 'must be one of none, allow, host' }),
          ],
        },
      }),
    )
  })

  it('are no layer when there are none', () => {
    expect(flagLayer({}, PROJECT)).toBeUndefined()
  })
})
