import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findPolicyFiles, findRc, RC_NAMES } from '../../../src/config/find.ts'
import { loadPolicy, type LoadedPolicy } from '../../../src/config/load.ts'
import { hashOf } from '../../../src/config/read.ts'
import { AgentboxError, type Problem } from '../../../src/errors.ts'
import { fsPath } from '../../../src/host/bytes.ts'
import { startWork } from '../../support/work.ts'

let root: string
let home: string
let repo: string

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'agentbox-config-')))
  home = join(root, 'home')
  repo = join(home, 'work', 'repo')
  mkdirSync(join(home, '.config', 'agentbox'), { recursive: true })
  mkdirSync(repo, { recursive: true })
})

afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

const config = (name = 'config.yaml'): string => join(home, '.config', 'agentbox', name)

function load(cwd = repo, env: Record<string, string> = {}): Promise<LoadedPolicy> {
  const files = findPolicyFiles(cwd)
  return loadPolicy({ files, cwd, home, project: repo, env })
}

/** The problem that stops `work`, which must stop within a second of work. */
async function problemOf(work: () => unknown): Promise<Problem> {
  const worked = startWork()
  try {
    await work()
  } catch (error) {
    expect(worked()).toBeLessThan(1000)
    if (error instanceof AgentboxError) return error.problem
    throw error
  }
  throw new Error('nothing stopped it')
}

const invalid = (file: string, problem: string) => ({
  code: 'policy-invalid',
  issues: [expect.objectContaining({ file, problem: expect.stringContaining(problem) })],
})

describe('finding', () => {
  it.each(RC_NAMES)('%s', async (name) => {
    writeFileSync(join(repo, name), '{"version": 1, "ssh": "none"}')
    expect(findRc(repo)).toEqual({ path: join(repo, name), dir: repo })
    expect((await load()).policy.ssh.origin).toMatchObject({ layer: 'repo', file: join(repo, name), line: 1 })
  })

  it('every directory above counts, outermost first, beyond the repository too', async () => {
    const deep = join(repo, 'a', 'b')
    mkdirSync(deep, { recursive: true })
    execFileSync('git', ['init', '-q', join(repo, 'a')])
    for (const dir of [home, repo, deep])
      writeFileSync(join(dir, '.agentboxrc'), `version: 1\nmasks: {patterns: [p-${dir.length}]}`)
    const { policy, files } = await load(deep)
    expect(policy.masks.patterns.map(({ value }) => value.base)).toEqual([home, repo, deep])
    expect(files.map(({ path }) => path)).toEqual([home, repo, deep].map((dir) => join(dir, '.agentboxrc')))
  })

  it('two in one directory are ambiguous, whatever they are', async () => {
    writeFileSync(join(repo, '.agentboxrc'), 'version: 1')
    symlinkSync('/nowhere', join(repo, '.agentboxrc.json'))
    expect(await problemOf(() => load())).toEqual({
      code: 'policy-ambiguous',
      files: [join(repo, '.agentboxrc'), join(repo, '.agentboxrc.json')],
    })
  })

  it('a directory whose name is no text', () => {
    const odd = `${repo}/\udcff\n x`
    mkdirSync(fsPath(odd))
    writeFileSync(fsPath(`${odd}/.agentboxrc`), 'version: 1')
    expect(findPolicyFiles(odd)).toEqual([{ path: `${odd}/.agentboxrc`, dir: odd }])
  })

  it('a directory that cannot be looked into is not "no policy"', async () => {
    const path = `${root}/${'d'.repeat(200)}`.padEnd(4090, `/${'d'.repeat(200)}`)
    expect(await problemOf(() => findPolicyFiles(path))).toMatchObject({ code: 'policy-invalid' })
  })
})

describe('what stands under the name', () => {
  const rc = (): string => join(repo, '.agentboxrc')

  it.each<[string, () => unknown, string]>([
    ['a directory', () => mkdirSync(rc()), 'is a directory'],
    ['a FIFO', () => execFileSync('mkfifo', [rc()]), 'is a FIFO'],
    ['a dangling link', () => symlinkSync('/nowhere', rc()), 'is a symbolic link'],
    ['a link out', () => symlinkSync('/etc/hostname', rc()), 'is a symbolic link'],
    ['a link to itself', () => symlinkSync(rc(), rc()), 'is a symbolic link'],
    ['a link inside', () => symlinkSync('other', rc()), 'is a symbolic link'],
    ['a link to a device', () => symlinkSync('/dev/zero', rc()), 'is a symbolic link'],
    ['a link to a terminal', () => symlinkSync('/dev/tty', rc()), 'is a symbolic link'],
    [
      '100 MB',
      () => (writeFileSync(rc(), 'version: 1\n'), truncateSync(rc(), 100e6)),
      'is larger than 256 KiB',
    ],
    [
      'one byte too much',
      () => writeFileSync(rc(), `version: 1\n${' '.repeat(256 * 1024)}`),
      'is larger than 256 KiB',
    ],
    ['nothing in it', () => writeFileSync(rc(), ''), 'is empty'],
  ])('%s', async (_name, make, problem) => {
    make()
    expect(await problemOf(() => load())).toEqual(invalid(rc(), problem))
  })

  it('a socket', async () => {
    const server = createServer().listen(rc())
    await new Promise((resolve) => server.once('listening', resolve))
    try {
      expect(await problemOf(() => load())).toEqual(invalid(rc(), 'is a socket or a device'))
    } finally {
      server.close()
    }
  })

  it('a device', async () => {
    const files = [{ path: '/dev/zero', dir: '/dev' }]
    const work = () => loadPolicy({ files, cwd: repo, home, project: repo, env: {} })
    expect(await problemOf(work)).toEqual(invalid('/dev/zero', 'is a device'))
  })

  it('an unreadable file', async () => {
    writeFileSync(rc(), 'version: 1', { mode: 0o000 })
    // Root reads everything, so somebody else has to try.
    const script = `
      import { findPolicyFiles } from './src/config/find.ts'
      import { readPolicyBytes } from './src/config/read.ts'
      try { readPolicyBytes(findPolicyFiles(process.argv[2])[0].path) } catch (error) { console.log(JSON.stringify(error.problem)) }`
    chmodSync(root, 0o755)
    const out = runAs(script, repo)
    expect(JSON.parse(out)).toEqual({
      code: 'policy-invalid',
      issues: [{ file: rc(), problem: 'cannot be read: permission denied' }],
    })
  })

  it('is read once: the hash is of the bytes that were parsed', async () => {
    const bytes = Buffer.from('version: 1\nssh: none\n')
    writeFileSync(rc(), bytes)
    const { files } = await load()
    writeFileSync(rc(), 'version: 1\nssh: agent\n')
    const wanted = createHash('sha256').update(`${rc()}\0`).update(bytes).digest('hex')
    expect(files).toEqual([{ path: rc(), layer: 'repo', sha256: wanted }])
    expect(hashOf('/a', Buffer.from('b'))).not.toBe(hashOf('/a\0', Buffer.from('b')))
  })
})

/** Runs a TypeScript snippet as a user who is not root. */
function runAs(script: string, argument: string): string {
  const bundle = join(root, 'probe.cjs')
  execFileSync(
    'node_modules/.bin/esbuild',
    ['--bundle', '--platform=node', '--format=cjs', `--outfile=${bundle}`, '--log-level=error'],
    {
      input: script,
    },
  )
  const identity = process.getuid!() === 0 ? { uid: 65534, gid: 65534 } : {}
  return execFileSync(process.execPath, [bundle, argument], { encoding: 'utf8', ...identity })
}

describe("the user's own file", () => {
  it.each(['config.yaml', 'config.yml', 'config.json'])('%s', async (name) => {
    writeFileSync(config(name), '{"version": 1, "quiet": true}')
    const { policy, files } = await load()
    expect(policy.quiet).toMatchObject({
      value: true,
      origin: { layer: 'user', file: config(name), line: 1 },
    })
    expect(files).toMatchObject([{ path: config(name), layer: 'user' }])
  })

  it('is not there', async () => {
    rmSync(join(home, '.config'), { recursive: true })
    expect((await load()).files).toEqual([])
  })

  it('follows XDG_CONFIG_HOME if it is absolute', async () => {
    const xdg = join(root, 'xdg')
    mkdirSync(join(xdg, 'agentbox'), { recursive: true })
    writeFileSync(join(xdg, 'agentbox', 'config.yaml'), 'version: 1\nquiet: true\n')
    expect((await load(repo, { XDG_CONFIG_HOME: xdg })).policy.quiet.value).toBe(true)
    expect((await load(repo, { XDG_CONFIG_HOME: '../../../xdg' })).policy.quiet.value).toBe(false)
    expect((await load(repo, { XDG_CONFIG_HOME: '' })).policy.quiet.value).toBe(false)
  })

  it('may be a link, as dotfile managers make them', async () => {
    writeFileSync(join(root, 'dotfile'), 'version: 1\nquiet: true\n')
    symlinkSync(join(root, 'dotfile'), config())
    expect((await load()).policy.quiet.value).toBe(true)
  })

  it.each<[string, () => unknown, string]>([
    [
      'writable by others',
      () => (writeFileSync(config(), 'version: 1'), chmodSync(config(), 0o666)),
      'can be written by other users',
    ],
    ['a FIFO', () => execFileSync('mkfifo', [config()]), 'is a FIFO'],
    ['a directory', () => mkdirSync(config()), 'is a directory'],
    ['a dangling link', () => symlinkSync('/nowhere', config()), 'cannot be read (ENOENT)'],
    ['too large', () => (writeFileSync(config(), ''), truncateSync(config(), 100e6)), 'is larger than'],
    ['empty', () => writeFileSync(config(), ' \n'), 'is empty'],
    ['an unknown key', () => writeFileSync(config(), 'version: 1\nciling: []\n'), 'unknown key "ciling"'],
    [
      'an import',
      () => writeFileSync(config(), 'version: 1\n$import: ./evil.cjs\n'),
      'unknown key "$import"',
    ],
  ])('refused: %s', async (_name, make, problem) => {
    make()
    expect(await problemOf(() => load())).toEqual(invalid(config(), problem))
  })

  it('refused: in a directory that others can write', async () => {
    writeFileSync(config(), 'version: 1')
    const dir = join(home, '.config', 'agentbox')
    chmodSync(dir, 0o777)
    expect(await problemOf(() => load())).toEqual(invalid(dir, 'can be written by other users'))
  })

  it('refused: a file where the directory should be', async () => {
    rmSync(join(home, '.config', 'agentbox'), { recursive: true })
    writeFileSync(join(home, '.config', 'agentbox'), '')
    expect((await problemOf(() => load())).code).toBe('policy-invalid')
  })

  it('two of them are ambiguous', async () => {
    writeFileSync(config(), 'version: 1')
    writeFileSync(config('config.json'), '{"version": 1}')
    expect((await problemOf(() => load())).code).toBe('policy-ambiguous')
  })

  it('problems of all files come together', async () => {
    writeFileSync(config(), 'version: 1\nquite: true\n')
    writeFileSync(join(repo, '.agentboxrc'), 'version: 1\nsssh: none\nenv: {set: {PATH: x}}\n')
    const problem = await problemOf(() => load())
    expect(problem.code === 'policy-invalid' && problem.issues.map(({ key }) => key)).toEqual([
      'quite',
      'sssh',
      'env.set.PATH',
    ])
  })
})

describe('nothing of a repository is executed', () => {
  const evil = (canary: string): string =>
    `require('node:fs').writeFileSync(${JSON.stringify(canary)}, 'ran')\nmodule.exports = { searchPlaces: ['other.yaml'] }\n`

  /** Loads from a process of its own whose working directory is the repository. */
  function loadThere(): { status: number; out: string } {
    const bundle = join(root, 'load.cjs')
    const script = `
      import { findPolicyFiles } from './src/config/find.ts'
      import { loadPolicy } from './src/config/load.ts'
      const [home, cwd] = process.argv.slice(2)
      const before = process.cwd()
      loadPolicy({ files: findPolicyFiles(cwd), cwd, home, project: cwd, env: {}, approvals: { has: () => false } }).then(
        ({ policy, files }) => console.log(JSON.stringify({ quiet: policy.quiet.value, ssh: policy.ssh, files: files.map((file) => file.path), moved: process.cwd() !== before })),
        (error) => console.log(JSON.stringify(error.problem ?? String(error.stack))))`
    const options = [
      '--bundle',
      '--platform=node',
      '--format=cjs',
      '--external:typescript',
      `--outfile=${bundle}`,
      '--log-level=error',
    ]
    execFileSync('node_modules/.bin/esbuild', options, { input: script })
    const out = execFileSync(process.execPath, [bundle, home, repo], {
      cwd: repo,
      encoding: 'utf8',
      env: { HOME: home },
    })
    return { status: 0, out }
  }

  it.each<[string, Record<string, (canary: string) => string>]>([
    ['.config/config.js', { '.config/config.js': evil }],
    ['.config/config.cjs', { '.config/config.cjs': evil }],
    [
      '.config/config.mjs',
      {
        '.config/config.mjs': (canary) =>
          `import fs from 'node:fs'; fs.writeFileSync(${JSON.stringify(canary)}, 'ran')`,
      },
    ],
    ['.config/config.ts', { '.config/config.ts': evil }],
    [
      '.config/config.json',
      { '.config/config.json': () => '{"cosmiconfig": {"searchPlaces": ["evil.cjs"]}}', 'evil.cjs': evil },
    ],
    [
      'package.json',
      { 'package.json': () => '{"cosmiconfig": {"searchPlaces": ["evil.cjs"]}}', 'evil.cjs': evil },
    ],
    ['package.yaml', { 'package.yaml': () => 'cosmiconfig: {searchPlaces: [evil.cjs]}', 'evil.cjs': evil }],
    [
      '.agentboxrc.js beside it',
      { '.agentboxrc.js': evil, 'agentbox.config.js': evil, '.config/agentboxrc.js': evil },
    ],
  ])('%s does nothing', (_name, files) => {
    const canary = join(root, 'canary')
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(repo, name, '..'), { recursive: true })
      writeFileSync(join(repo, name), content(canary))
    }
    writeFileSync(join(repo, 'other.yaml'), 'version: 1\nssh: agent\n')
    writeFileSync(join(repo, '.agentboxrc'), 'version: 1\nssh: none\n')
    writeFileSync(config(), 'version: 1\nquiet: true\n')
    const { out } = loadThere()
    expect(existsSync(canary)).toBe(false)
    expect(JSON.parse(out)).toMatchObject({
      quiet: true,
      ssh: { value: 'none' },
      files: [config(), join(repo, '.agentboxrc')],
      moved: false,
    })
  })

  it.each(['.agentboxrc', '.agentboxrc.json'])('$import in %s is an unknown key', (name) => {
    const canary = join(root, 'canary')
    writeFileSync(join(repo, 'evil.cjs'), evil(canary))
    writeFileSync(join(repo, name), '{"version": 1, "$import": "./evil.cjs"}')
    expect(loadThere().out).toContain('unknown key \\"$import\\"')
    expect(existsSync(canary)).toBe(false)
  })

  it("$import in the user's own file is an unknown key too", () => {
    const canary = join(root, 'canary')
    writeFileSync(join(home, '.config', 'agentbox', 'evil.cjs'), evil(canary))
    writeFileSync(config(), 'version: 1\n$import: ./evil.cjs\n')
    expect(loadThere().out).toContain('unknown key \\"$import\\"')
    expect(existsSync(canary)).toBe(false)
  })

  it("a program in the user's own directory is not a configuration", () => {
    const canary = join(root, 'canary')
    for (const name of ['config.js', 'config.cjs', 'config.ts']) writeFileSync(config(name), evil(canary))
    expect(JSON.parse(loadThere().out)).toMatchObject({ quiet: false, files: [] })
    expect(existsSync(canary)).toBe(false)
  })

  it('the canary sings when it is run', () => {
    const canary = join(root, 'canary')
    writeFileSync(join(repo, 'evil.cjs'), evil(canary))
    execFileSync(process.execPath, [join(repo, 'evil.cjs')])
    expect(readFileSync(canary, 'utf8')).toBe('ran')
  })
})

describe('the working directory', () => {
  it('is the same afterwards, also one that has no name any more', async () => {
    writeFileSync(config(), 'version: 1\nquiet: true\n')
    const before = process.cwd()
    const doomed = join(root, 'doomed')
    mkdirSync(doomed)
    process.chdir(doomed)
    try {
      rmSync(doomed, { recursive: true })
      const input = { files: [], cwd: repo, home, project: repo, env: {} }
      expect((await loadPolicy(input)).policy.quiet.value).toBe(true)
      expect(() => process.cwd()).toThrow()
    } finally {
      process.chdir(before)
    }
  })
})

it('what the environment moved is beyond the ceiling too', async () => {
  const env = { XDG_STATE_HOME: join(root, 'state'), CODEX_HOME: join(root, 'codex') }
  const grant = (path: string): string => `version: 1\nfilesystem: {read: [${path}]}\n`
  for (const path of [join(root, 'state', 'agentbox'), join(root, 'codex', 'auth.json')]) {
    writeFileSync(join(repo, '.agentboxrc'), grant(path))
    expect(await problemOf(() => load(repo, env))).toEqual(
      invalid(join(repo, '.agentboxrc'), 'is beyond the ceiling'),
    )
    expect((await load()).pending).toMatchObject([{ kind: 'read', value: path }])
  }
  rmSync(join(repo, '.agentboxrc'))
  writeFileSync(config(), grant(join(root, 'state', 'agentbox')))
  expect(await problemOf(() => load(repo, env))).toEqual(invalid(config(), 'rules over it'))
})
