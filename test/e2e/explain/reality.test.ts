import { mkdirSync, symlinkSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Explanation, State } from '../../../src/explain/types.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { spawn } from 'node:child_process'
import { as, type Who } from '../../support/who.ts'

/** What the probe in the box says about a path: see native/probe.c. */
type Seen = { read: string; write: string }

describe.each(['user', 'root'] as const)('agentbox explain, as %s', (who: Who) => {
  let at: TestHome
  let project: string

  const explain = async (subjects: readonly string[], ...options: string[]): Promise<Explanation[]> => {
    const done = await at.launch(['explain', '--json', ...options, ...subjects], { cwd: project }).ended
    expect([done.status, done.stderr]).toEqual([0, ''])
    return (JSON.parse(done.stdout) as { explained: Explanation[] }).explained
  }
  const probe = (questions: readonly [string, string][], ...options: string[]): Promise<string[]> =>
    new Promise((resolve) => {
      const argv = as(who, [
        at.node,
        at.agentbox,
        'run',
        '--quiet',
        ...options,
        '--',
        'sh',
        '-c',
        'exec /run/agentbox/init probe',
      ])
      const box = spawn(argv[0], argv.slice(1), {
        cwd: project,
        env: at.env,
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      let out = ''
      box.stdout.on('data', (chunk: Buffer) => void (out += chunk.toString('utf8')))
      box.stdin.end(
        questions.map(([kind, text], n) => `${n} ${kind} ${Buffer.from(text).toString('hex')}\n`).join(''),
      )
      box.once('close', () => resolve(out.split('\n').map((line) => line.slice(line.indexOf(' ') + 1))))
    })
  const look = async (paths: readonly string[]): Promise<Seen[]> => {
    const answers = await probe(
      paths.flatMap((path): [string, string][] => [
        ['read', path],
        ['write', path],
      ]),
    )
    return paths.map((_, n) => ({ read: answers[2 * n]!, write: answers[2 * n + 1]! }))
  }

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/shop`
    at.write(
      `${project}/.agentboxrc`,
      'version: 1\nfilesystem: {readonly: [docs/], hide: [infra/]}\nmasks: {patterns: ["*.tfvars"], show: keys}\nenv: {set: {MODE: test}}\n',
    )
    for (const name of [
      'a.txt',
      'src/b.ts',
      'docs/c.md',
      'docs/deep/d.md',
      'infra/e.tf',
      'x.tfvars',
      'with space/f',
    ]) {
      at.write(`${project}/${name}`, `content of ${name}\n`)
    }
    at.write(`${project}/.env`, 'TOKEN=1\nNAME=2\n')
    at.write(`${project}/deep/.env.local`, 'TOKEN=1\n')
    at.write(`${project}/secrets/.ssh/id_rsa`, 'key\n')
    at.write(`${project}/.vscode/tasks.json`, '{}\n')
    at.write(`${project}/locked`, 'x\n', 0o000)
    at.write(`${project}/readable`, 'x\n', 0o444)
    mkdirSync(`${project}/closed`, { mode: 0o000 })
    symlinkSync('a.txt', `${project}/link`)
    symlinkSync('/etc/shadow', `${project}/out`)
    symlinkSync('.env', `${project}/to-env`)
    symlinkSync('loop', `${project}/loop`)
    symlinkSync('src', `${project}/linked-dir`)
    for (const name of ['.ssh/id', '.aws/credentials', '.bashrc', 'notes.txt', '.config/gh/hosts.yml']) {
      at.write(`${at.home}/${name}`, 'private\n')
    }
    await at.must(['git', 'init', '-q', project])
  })
  afterAll(() => at.remove())

  const inProject = [
    ...['', 'a.txt', 'src', 'src/b.ts', 'docs', 'docs/c.md', 'docs/deep', 'docs/deep/d.md', 'docs/new.md'],
    ...[
      'infra',
      'infra/e.tf',
      'infra/new',
      'x.tfvars',
      'y.tfvars',
      'with space',
      'with space/f',
      'new',
      'new/deeper',
    ],
    ...[
      '.env',
      '.env.test',
      'deep',
      'deep/.env.local',
      'deep/.env',
      'secrets',
      'secrets/.ssh',
      'secrets/.ssh/id_rsa',
    ],
    ...['.vscode', '.vscode/tasks.json', '.vscode/new.json', '.agentboxrc', '.envrc', '.mcp.json', '.claude'],
    ...[
      '.git',
      '.git/HEAD',
      '.git/config',
      '.git/hooks',
      '.git/hooks/pre-commit',
      '.git/info',
      '.git/info/exclude',
    ],
    ...['.git/info/attributes', '.git/objects', '.git/refs/heads', '.git/commondir', '.git/new'],
    ...[
      'locked',
      'readable',
      'link',
      'out',
      'to-env',
      'loop',
      'linked-dir',
      'linked-dir/b.ts',
      'linked-dir/none',
    ],
    ...['a.txt/below', 'src/../a.txt', './docs/../.env', 'node_modules', 'package.json', 'Makefile'],
  ]
  const elsewhere = [
    ...[
      '/',
      '/usr',
      '/usr/bin',
      '/usr/bin/env',
      '/bin',
      '/bin/sh',
      '/lib',
      '/etc',
      '/etc/passwd',
      '/etc/shadow',
    ],
    ...[
      '/etc/hosts',
      '/etc/ssl',
      '/etc/ssl/certs',
      '/etc/nsswitch.conf',
      '/etc/new',
      '/root/.ssh',
      '/home',
      '/var',
    ],
    ...[
      '/var/lib',
      '/var/lib/dpkg',
      '/var/tmp',
      '/var/tmp/x',
      '/tmp',
      '/tmp/x',
      '/opt',
      '/opt/x',
      '/srv',
      '/mnt',
    ],
    ...[
      '/boot',
      '/sys',
      '/sys/kernel',
      '/run',
      '/run/agentbox',
      '/run/agentbox/policy.json',
      '/run/agentbox/masks',
    ],
    ...[
      '/run/agentbox/masks/x',
      '/run/docker.sock',
      '/run/user',
      '/dev/shm',
      '/dev/shm/x',
      '/usr/local/x',
      '/nowhere',
    ],
    ...[
      '~',
      '~/.ssh',
      '~/.ssh/id',
      '~/.aws/credentials',
      '~/.bashrc',
      '~/notes.txt',
      '~/.config/gh',
      '~/work',
    ],
    ...[
      '~/.config/agentbox',
      '~/.local/state/agentbox',
      '~/new',
      '~/.new/deeper',
      '/usr/bin/../lib',
      '/usr/share/doc',
    ],
  ]

  it('agrees with what is seen inside, for generated paths', async () => {
    const names = 'abcdefgh'
      .split('')
      .flatMap((letter) => [`src/${letter}.ts`, `docs/${letter}`, `deep/${letter}/.env`, `.env.${letter}`])
    const paths = [...inProject, ...names].map((name) => `${project}/${name}`)
    const homes = [...elsewhere, ...names.map((name) => `~/${name}`), ...names.map((name) => `/usr/${name}`)]
    const all = [...paths, ...homes.map((path) => path.replace(/^~/, at.home))]
    expect(all.length).toBeGreaterThan(200)
    const told = await explain(all, '--as', 'path')
    const seen = await look(all)
    const wrong = told.flatMap(({ state }, n) => {
      const expected = stateOf(seen[n]!)
      return agree(state, expected, seen[n]!)
        ? []
        : [`${all[n]}: explained as ${state}, seen as ${expected} (${seen[n]!.read}, ${seen[n]!.write})`]
    })
    expect(wrong).toEqual([])
  })

  it('agrees with what is seen inside, for variables', async () => {
    const names = [
      'TERM',
      'LANG',
      'HOME',
      'PATH',
      'USER',
      'MODE',
      'AWS_SECRET_ACCESS_KEY',
      'GITHUB_TOKEN',
      'AGENTBOX',
      'HTTP_PROXY',
    ]
    const many = [...names, ...Array.from({ length: 90 }, (_, n) => `GENERATED_${n}`)]
    const env = { AWS_SECRET_ACCESS_KEY: 'x', GITHUB_TOKEN: 'y', GENERATED_7: 'z' }
    Object.assign(at.env, env)
    const told = await explain(many, '--as', 'variable')
    const seen = await probe(many.map((name) => ['variable', name]))
    for (const name of Object.keys(env)) delete at.env[name]
    expect(
      told.map(({ subject, state }) => [
        subject,
        state === 'withheld' || state === 'absent' ? 'unset' : 'set',
      ]),
    ).toEqual(many.map((name, n) => [name, seen[n]]))
  })

  it('agrees with what the proxy says, for hosts', async () => {
    const hosts = [
      'example.com',
      'registry.npmjs.org',
      '127.0.0.1',
      '169.254.169.254',
      'evil-example.com',
      '10.0.0.1',
      'localhost',
    ]
    const many = [...hosts, ...Array.from({ length: 60 }, (_, n) => `host${n}.example.net`)]
    const told = await explain(many, '--as', 'host')
    const seen = await probe(many.map((host) => ['proxy', `${host}:443`]))
    expect(told.map(({ subject, state }) => [subject, state])).toEqual(
      many.map((host, n) => [`${host}:443`, seen[n] === 'status 403' ? 'refused' : 'allowed']),
    )
  })

  it('agrees with what the proxy says of hosts that are allowed, and denied again', async () => {
    const server = createServer((socket) => socket.end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const options = ['--allow', `127.0.0.1:${port}`]
    const hosts = [`127.0.0.1:${port}`, `127.0.0.1:${port - 1}`, `127.0.0.2:${port}`, `[::1]:${port}`]
    const told = await explain(hosts, '--as', 'host', ...options)
    const seen = await probe(
      hosts.map((host) => ['proxy', host]),
      ...options,
    )
    server.close()
    expect(told.map(({ state }) => state)).toEqual(['allowed', 'refused', 'refused', 'refused'])
    expect(seen.slice(0, 4)).toEqual(['status 200', 'status 403', 'status 403', 'status 403'])
  })

  it('names the rule and its line, and what would change it', async () => {
    const [masked, hidden, future, host, variable] = await explain([
      'x.tfvars',
      'infra',
      '.envrc',
      'sentry.io',
      'MY_KEY',
    ])
    expect(masked!.because[0]).toMatchObject({ text: 'masks.patterns "*.tfvars"', origin: { line: 3 } })
    expect(hidden!.because[0]!.text).toMatch(/hidden by .*\.agentboxrc:2/)
    expect(future!.also.join()).toContain('quarantine')
    expect(host!.change[0]).toContain('agentbox allow-host sentry.io')
    expect(variable!.change[0]).toContain('env.pass: [MY_KEY]')
  })

  it('takes an address as it is copied, and the port into what allows it', async () => {
    const told = await explain(['https://sentry.io/api?a=b', 'ssh://git@git.example/x.git', 'sentry.io:8443'])
    expect(told.map(({ subject }) => subject)).toEqual(['sentry.io:443', 'git.example:22', 'sentry.io:8443'])
    expect(told.map(({ change }) => change[0])).toEqual(
      ['sentry.io', 'git.example:22', 'sentry.io:8443'].map(
        (entry) => `agentbox allow-host ${entry}: adds a grant to .agentboxrc`,
      ),
    )
  })
})

/** The state that two answers of the probe speak of. */
function stateOf({ read, write }: Seen): State | 'empty' {
  if (read === 'absent') return 'absent'
  if (read.startsWith('refused') && write !== 'writable') return 'closed'
  if (write === 'writable') return 'writable'
  return read === 'directory 0' || read.startsWith('file 0 ') ? 'empty' : 'read-only'
}

/** A masked file under `show: keys` is a file with content; nothing of the box's own is compared. */
function agree(told: State, seen: State | 'empty', { write }: Seen): boolean {
  if (told === 'private') return true
  if (told === 'masked')
    return seen === 'empty' || seen === 'closed' || (seen === 'read-only' && write !== 'writable')
  if (told === 'read-only') return seen === 'read-only' || seen === 'empty'
  // A loop of links leads nowhere, and is refused.
  return told === seen || (told === 'absent' && seen === 'closed')
}
