import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, truncateSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { fsPath } from '../../../src/host/bytes.ts'
import type { TestHome } from '../../support/home.ts'

/** Where a hostile repository is made. */
export interface Place {
  at: TestHome
  /** The clone: a git repository with one commit. */
  repo: string
  /** A program that leaves a trace when anything runs it outside of a box. */
  canary: string
  servers: Server[]
}

/**
 * What must come of it: `refused` by every command that needs the policy, with this text; `asks` for
 * grants, with this text in the refusal; `harmless`: as if the trick were not there.
 */
export type Outcome = { refused: RegExp } | { asks: RegExp } | 'harmless'

export interface Hostile {
  name: string
  make: (place: Place) => unknown
  outcome: Outcome
  /** No policy is there, so the shim has nothing to do. */
  bare?: true
  /** Where it is opened, below the clone; its bin is first in PATH. */
  cwd?: string
}

const rc =
  (text: string | Buffer, name = '.agentboxrc') =>
  ({ at, repo }: Place): void =>
    at.write(`${repo}/${name}`, text)
const policy = (text: string) => rc(`version: 1\n${text}\n`)
const files =
  (list: Record<string, string | ((place: Place) => string)>) =>
  (place: Place): void => {
    for (const [name, text] of Object.entries(list)) {
      const path = `${place.repo}/${name}`
      place.at.write(path, typeof text === 'string' ? text : text(place), 0o755)
    }
  }
const all =
  (...makes: Hostile['make'][]) =>
  (place: Place): void => {
    for (const make of makes) make(place)
  }
const fifo =
  (name: string) =>
  ({ at, repo }: Place): void => {
    at.dir(repo)
    execFileSync('mkfifo', ['-m', '666', `${repo}/${name}`])
  }
const link =
  (target: string, name: string) =>
  ({ repo }: Place): void =>
    symlinkSync(target, `${repo}/${name}`)
const canaryJs = ({ canary }: Place): string =>
  `require('child_process').execFileSync(${JSON.stringify(canary)})\n`

const ceiling = /\.agentboxrc:2:\d+: filesystem\.\w+: .*(beyond the ceiling|would open all of)/
const line = (problem: string): RegExp => new RegExp(`\\.agentboxrc:\\d+:\\d+: .*${problem}`)

const grants: Hostile[] = [
  ...['~/.ssh', '~', '/', '../..', '/etc/shadow', '~/.config/agentbox', '~/.local/state/agentbox/trust'].map(
    (path): Hostile => ({
      name: `reads ${path}`,
      make: policy(`filesystem: {read: [${JSON.stringify(path)}]}`),
      outcome: { refused: ceiling },
    }),
  ),
  ...['~/.bashrc', '/var/run/docker.sock', '~/.ssh/../.ssh/config', '~/.local/bin'].map((path): Hostile => ({
    name: `writes ${path}`,
    make: policy(`filesystem: {write: ["${path}"]}`),
    outcome: { refused: ceiling },
  })),
  {
    name: 'widens by a link that leads out',
    make: all(
      ({ at, repo }) => (
        at.write(`${at.home}/.ssh/id`, 'key'),
        symlinkSync(`${at.home}/.ssh`, `${repo}-link`)
      ),
      ({ at, repo }) => at.write(`${repo}/.agentboxrc`, `version: 1\nfilesystem: {read: ["${repo}-link"]}\n`),
    ),
    outcome: { asks: /asks for 1 grant that you have not approved: read/ },
  },
  {
    name: 'grants a link of its own',
    make: all(
      ({ at, repo }) => symlinkSync(`${at.home}/.ssh`, `${repo}/link`),
      policy('filesystem: {read: [link]}'),
    ),
    outcome: 'harmless',
  },
  { name: 'un-masks', make: policy('masks: {except: [".env"]}'), outcome: { asks: /show secret \.env/ } },
  {
    name: 'shows a secret by another name',
    make: all(policy('masks: {substitute: {a.txt: .env}}'), files({ '.env': 'T=1\n' })),
    outcome: { asks: /show secret/ },
  },
  {
    name: 'substitutes from outside',
    make: policy('masks: {substitute: {.env: ../x}}'),
    outcome: { refused: line('leads out') },
  },
  { name: 'wants the ssh agent', make: policy('ssh: agent'), outcome: { asks: /ssh agent/ } },
  { name: 'goes on unwatched', make: policy('live: {onFailure: continue}'), outcome: { asks: /unwatched/ } },
  {
    name: 'speaks for the user',
    make: policy('trust: {directories: [/]}\nbypass: ask\nceiling: []\nalways: []'),
    outcome: { refused: line('unknown key "trust"') },
  },
]

const environment: Hostile[] = [
  'PATH',
  'LD_PRELOAD',
  'NODE_OPTIONS',
  'GIT_SSH_COMMAND',
  'ANTHROPIC_BASE_URL',
].map((name): Hostile => ({
  name: `sets ${name}`,
  make: policy(`env: {set: {${name}: ./evil}}`),
  outcome: { refused: line('a repository may not set it') },
}))

const texts: Hostile[] = [
  {
    name: 'has a command in a path',
    make: policy('filesystem: {read: ["$(touch x)"]}'),
    outcome: { refused: line('variable') },
  },
  {
    name: 'is a YAML bomb',
    make: rc(
      `a: &a [x,x,x,x]\n${'bcdefghi'
        .split('')
        .map((n, i) => `${n}: &${n} [${`*${'abcdefgh'[i]},`.repeat(9)}]`)
        .join('\n')}\n`,
    ),
    outcome: { refused: line('anchor') },
  },
  {
    name: 'has an alias',
    make: policy('agents: &a [claude]\nshims: *a'),
    outcome: { refused: line('anchor') },
  },
  { name: 'has a merge key', make: policy('<<: {ssh: agent}'), outcome: { refused: line('merge keys') } },
  {
    name: 'has a key twice',
    make: policy('ssh: none\nssh: agent'),
    outcome: { refused: line('stands twice') },
  },
  { name: 'has a tag', make: policy('ssh: !!js/function "x"'), outcome: { refused: line('tag|Unresolved') } },
  {
    name: 'imports',
    make: all(policy('$import: ./evil.cjs'), files({ 'evil.cjs': canaryJs })),
    outcome: { refused: line('unknown key') },
  },
  {
    name: 'has a NUL byte',
    make: rc(Buffer.from('version: 1\nssh: a\0b\n')),
    outcome: { refused: line('NUL byte') },
  },
  {
    name: 'has a terminal escape',
    make: rc('version: 1\nssh: \u001b[2Jx\n'),
    outcome: { refused: line('control character') },
  },
  {
    name: 'has an escaped escape',
    make: policy('env: {pass: ["A\\u001b[2J"]}'),
    outcome: { refused: line('not a variable name') },
  },
  {
    name: 'reorders its text',
    make: policy('filesystem: {read: ["~/a\u202Ehss./~"]}'),
    outcome: { refused: line('invisible character') },
  },
  {
    name: 'has a name of escapes',
    make: policy('"a\\u001b]0;x\\u0007\u200B": 1'),
    outcome: { refused: line('unknown key') },
  },
  {
    name: 'is overlong',
    make: policy(`env: {pass: [${'A'.repeat(200_000)}]}`),
    outcome: { asks: /AAAA… \(200000 characters\)/ },
  },
  {
    name: 'asks for a thousand things',
    make: policy(`env: {pass: [${Array.from({ length: 1000 }, (_, i) => `A${i}`).join()}]}`),
    outcome: { asks: /asks for 1000 grants/ },
  },
  {
    name: 'is nested deeply',
    make: rc(`version: 1\na: ${'['.repeat(50_000)}`),
    outcome: { refused: line('nested too deeply') },
  },
  {
    name: 'is UTF-16',
    make: rc(Buffer.from('version: 1\n', 'utf16le')),
    outcome: { refused: /\.agentboxrc.*(NUL|UTF-8)/ },
  },
]

const things: Hostile[] = [
  { name: 'is a FIFO', make: fifo('.agentboxrc'), outcome: { refused: /\.agentboxrc: is a FIFO/ } },
  {
    name: 'is a directory',
    make: ({ repo }) => mkdirSync(`${repo}/.agentboxrc`),
    outcome: { refused: /is a directory/ },
  },
  {
    name: 'is a link',
    make: link('/etc/hostname', '.agentboxrc'),
    outcome: { refused: /is a symbolic link/ },
  },
  {
    name: 'is a link to a device',
    make: link('/dev/zero', '.agentboxrc.yml'),
    outcome: { refused: /is a symbolic link/ },
  },
  {
    name: 'is 100 MB',
    make: all(policy(''), ({ repo }) => truncateSync(`${repo}/.agentboxrc`, 100e6)),
    outcome: { refused: /is larger than 256 KiB/ },
  },
  {
    name: 'is unreadable',
    make: all(policy(''), ({ repo }) => chmodSync(`${repo}/.agentboxrc`, 0)),
    outcome: { refused: /cannot be read: permission denied/ },
  },
  {
    name: 'is two',
    make: all(policy(''), rc('{"version": 1}', '.agentboxrc.json')),
    outcome: { refused: /two policy files/ },
  },
  {
    name: 'is a program',
    make: files({
      '.agentboxrc.js': canaryJs,
      'agentbox.config.js': canaryJs,
      '.agentboxrc.cjs': canaryJs,
      '.agentboxrc.ts': canaryJs,
    }),
    outcome: 'harmless',
  },
  {
    name: "has cosmiconfig's own configuration",
    make: all(
      policy(''),
      files({
        '.config/config.js': canaryJs,
        '.config/config.cjs': canaryJs,
        '.config/config.json': '{"cosmiconfig": {"searchPlaces": ["evil.js"]}}',
        'package.json': '{"cosmiconfig": {"searchPlaces": ["evil.js"]}, "agentbox": {"ssh": "agent"}}',
        'evil.js': canaryJs,
      }),
    ),
    outcome: 'harmless',
  },
  {
    name: 'extends what is outside',
    make: policy('extends: ../../outside.yaml'),
    outcome: { refused: line('leads out of') },
  },
  {
    name: 'extends a program',
    make: all(policy('extends: ./evil.js'), files({ 'evil.js': canaryJs })),
    outcome: { refused: line('is a program') },
  },
  {
    name: 'extends a FIFO',
    make: all(policy('extends: ./f'), fifo('f')),
    outcome: { refused: line('links are not followed') },
  },
  {
    name: 'extends a package that runs',
    make: all(
      policy('extends: evil'),
      files({
        'node_modules/evil/package.json': '{"main": "i.js", "exports": "./i.js"}',
        'node_modules/evil/i.js': canaryJs,
      }),
    ),
    outcome: { refused: line('has no policy') },
  },
  {
    name: 'asks in a directory whose name is escapes',
    make: ({ at, repo }) =>
      at.write(`${repo}/\u001b[2J\u202E\n/.agentboxrc`, 'version: 1\nenv: {pass: [CI]}\n'),
    outcome: { asks: /\\x1b\[2J\\u\{202e\}\\n\/\.agentboxrc:2/ },
    cwd: '\u001b[2J\u202E\n',
  },
]

const program = ({ canary }: Place): string => `#!/bin/sh\n${canary}\n`

/** Traps beside the policy: programs, git's configuration, odd files. */
export const surroundings: readonly Hostile[] = [
  {
    name: 'brings bwrap, git, node and others, early in PATH',
    make: all(
      policy(''),
      files(
        Object.fromEntries(
          ['bwrap', 'git', 'node', 'nodejs', 'sh', 'env', 'readlink', 'newuidmap', 'systemd-run'].map(
            (name) => [`bin/${name}`, program],
          ),
        ),
      ),
    ),
    outcome: 'harmless',
  },
  {
    name: 'has a git configuration that runs programs',
    make: (place) => {
      const { at, repo, canary } = place
      const keys = [
        ...['core.fsmonitor', 'core.sshCommand', 'core.pager', 'core.editor', 'diff.external', 'gpg.program'],
        ...['filter.x.clean', 'filter.x.smudge', 'filter.x.process', 'diff.x.textconv', 'diff.x.command'],
        ...['credential.helper', 'uploadpack.packObjectsHook', 'merge.x.driver', 'interactive.diffFilter'],
      ]
      for (const key of keys)
        execFileSync('git', ['-C', repo, 'config', '-f', `${repo}/.git/config`, key, canary])
      for (const name of ['ls-files', 'status', 'config', 'log', 'rev-parse'])
        execFileSync('git', [
          '-C',
          repo,
          'config',
          '-f',
          `${repo}/.git/config`,
          `alias.${name}`,
          `!${canary}`,
        ])
      execFileSync('git', ['config', '-f', `${repo}/.git/config`, 'core.hooksPath', `${repo}/hooks`])
      for (const name of ['post-index-change', 'reference-transaction', 'post-checkout', 'pre-commit'])
        at.write(`${repo}/hooks/${name}`, program(place), 0o755)
      files({ '.gitattributes': '* filter=x diff=x merge=x\n', '.env': 'T=1\n', 'a.txt': 'a' })(place)
    },
    outcome: 'harmless',
  },
  {
    name: 'includes a git configuration',
    make: (place) => {
      const { repo, canary } = place
      files({ evil: `[core]\n\tfsmonitor = ${canary}\n\tsshCommand = ${canary}\n` })(place)
      execFileSync('git', ['config', '-f', `${repo}/.git/config`, 'include.path', `${repo}/evil`])
    },
    outcome: 'harmless',
  },
  {
    name: 'points to a git directory elsewhere',
    make: ({ at, repo, canary }) => {
      execFileSync('rm', ['-rf', `${repo}/.git`])
      at.write(`${repo}/evil/HEAD`, 'ref: refs/heads/x\n')
      at.write(`${repo}/evil/config`, `[core]\n\tfsmonitor = ${canary}\n\tworktree = ${at.home}\n`)
      for (const dir of ['objects', 'refs']) at.dir(`${repo}/evil/${dir}`)
      at.write(`${repo}/.git`, 'gitdir: ./evil\n')
    },
    outcome: 'harmless',
  },
  {
    name: 'has a link for .git',
    make: ({ repo }) => (execFileSync('mv', [`${repo}/.git`, `${repo}/g`]), symlinkSync('g', `${repo}/.git`)),
    outcome: { refused: /symbolic link or points nowhere/ },
    bare: true,
  },
  {
    name: 'has a FIFO for .git',
    make: all(({ repo }) => execFileSync('rm', ['-rf', `${repo}/.git`]), fifo('.git'), policy('')),
    outcome: 'harmless',
  },
  {
    name: 'has traps under the names of secrets',
    make: all(
      fifo('.env'),
      fifo('.env.local'),
      link('.env.loop', '.env.loop'),
      link('..', 'up'),
      link('/dev/zero', '.env.zero'),
      ({ repo }) => mkdirSync(`${repo}/.env.dir`),
      ({ repo, servers }) => {
        const path = `${repo}/.env.sock`
        servers.push(createServer().listen(path))
      },
    ),
    outcome: 'harmless',
  },
  {
    name: 'has secrets whose names are escapes',
    make: ({ at, repo }) => {
      for (const name of ['\u001b[31m.env', '.env.\u202Etxt', '.env.\n2', '.env.\udcff'])
        at.write(`${repo}/${name}`, 'T=1\n')
    },
    outcome: 'harmless',
  },
  {
    name: 'has traps under the names of projects',
    make: all(
      ...[
        'package.json',
        'package-lock.json',
        'pnpm-lock.yaml',
        'Cargo.toml',
        'pyproject.toml',
        '.npmrc',
        'go.mod',
      ].map(fifo),
      link('/dev/zero', 'yarn.lock'),
      fifo('lefthook.yml'),
      fifo('.pre-commit-config.yaml'),
      link('.husky', '.husky'),
    ),
    outcome: 'harmless',
  },
  {
    name: 'has a package.json of escapes and scripts',
    make: all(
      policy(''),
      files({
        'package.json': ({ canary }) =>
          JSON.stringify({
            name: '\u001b[2J\u202Ex',
            scripts: { preinstall: canary, agentbox: canary },
            bin: canary,
          }),
        '.npmrc': 'registry=https://$(touch x)\u001b[2J/\nnode-options=--require ./evil.js\n',
        '.tool-versions': 'nodejs path:./bin\n',
        '.mise.toml': '[env]\n_.source = "./evil.sh"\n',
        'evil.js': canaryJs,
      }),
    ),
    outcome: 'harmless',
  },
]

export const hostile: readonly Hostile[] = [...grants, ...environment, ...texts, ...things, ...surroundings]

/** For git as root in a repository of the user's. */
export const TRUSTING = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'safe.directory',
  GIT_CONFIG_VALUE_0: '*',
}

/** Makes the repository; all of it is the ordinary user's. */
export function makeHostile(name: string, place: Place): void {
  const { at, repo } = place
  at.dir(repo)
  execFileSync('git', ['init', '-q', repo])
  const commit = ['commit', '-q', '--allow-empty', '--no-gpg-sign', '-m', 'a']
  const env = { ...process.env, ...TRUSTING, GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b' }
  execFileSync('git', ['-C', repo, ...commit], {
    env: { ...env, GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' },
  })
  hostile.find((one) => one.name === name)!.make(place)
  execFileSync('chown', ['-Rh', '12345:12345', fsPath(repo) as string])
}
