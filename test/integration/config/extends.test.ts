import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findPolicyFiles } from '../../../src/config/find.ts'
import { substitutionGrants } from '../../../src/config/grants.ts'
import { loadPolicy, type LoadedPolicy } from '../../../src/config/load.ts'
import { AgentboxError, type PolicyIssue } from '../../../src/errors.ts'
import { startWork } from '../../support/work.ts'

let root: string
let repo: string

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'agentbox-extends-')))
  repo = join(root, 'repo')
  mkdirSync(repo)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(repo, path)), { recursive: true })
  writeFileSync(join(repo, path), text)
}
const load = (cwd = repo): Promise<LoadedPolicy> =>
  loadPolicy({ files: findPolicyFiles(cwd), cwd, home: join(root, 'home'), project: repo, env: {} })

async function issues(cwd = repo): Promise<PolicyIssue[]> {
  const worked = startWork()
  try {
    await load(cwd)
  } catch (error) {
    expect(worked()).toBeLessThan(2000)
    if (error instanceof AgentboxError && error.problem.code === 'policy-invalid') return error.problem.issues
    throw error
  }
  return []
}

describe('a file of the repository', () => {
  it('is a layer under the one that extends it, about the same directory, with its own places', async () => {
    put(
      'team/base.yaml',
      'version: 1\nfilesystem:\n  hide: [infra]\n  read: [../docs]\nlimits: {tmp: 1G}\nmasks:\n  substitute: {.env: key.pem}\n',
    )
    put('.agentboxrc', 'version: 1\nextends: ./team/base.yaml\nlimits: {tmp: 64M}\n')
    const { policy, pending, files, units, steering } = await load()
    const base = join(repo, 'team/base.yaml')
    const rc = join(repo, '.agentboxrc')
    expect(policy.filesystem.hide).toEqual([
      { value: join(repo, 'infra'), origin: { layer: 'repo', file: base, line: 3, column: 10, under: rc } },
    ])
    expect(policy.limits.tmp).toMatchObject({ value: 2 ** 26, origin: { file: rc } })
    expect(pending).toEqual([
      { kind: 'read', value: join(root, 'docs'), file: base, line: 4, column: 10, under: rc },
    ])
    expect(substitutionGrants(policy, () => true)).toEqual([
      { kind: 'unmask', value: join(repo, 'key.pem'), file: base, line: 7, column: 16, under: rc },
    ])
    expect(files.map(({ path, under }) => [path, under])).toEqual([
      [base, rc],
      [rc, undefined],
    ])
    expect([units.map(({ path }) => path), steering]).toEqual([[rc], [base]])
  })

  it('counts in what is approved: path, name and bytes', async () => {
    const hash = async (): Promise<string> => (await load()).units[0]!.sha256As('/x')
    put('.agentboxrc', 'version: 1\nextends: [./a.yaml]\n')
    put('a.yaml', 'version: 1\n')
    const before = await hash()
    put('a.yaml', 'version: 1\n\n')
    expect(await hash()).not.toBe(before)
    put('a.yaml', 'version: 1\n')
    expect(await hash()).toBe(before)
    put('.agentboxrc', 'version: 1\n')
    expect(await hash()).toBe((await load()).units[0]!.sha256As('/x'))
    expect(await hash()).not.toBe(before)
  })

  it('names the agents for the file that says nothing', async () => {
    put('.agentboxrc', 'version: 1\nextends: ./a.yaml\n')
    put('a.yaml', 'version: 1\nagents: [claude]\n')
    expect((await load()).policy.agents.value).toEqual(['claude'])
  })

  it('may extend others, each of them once', async () => {
    put('.agentboxrc', 'version: 1\nextends: [./a/1.yaml, ./a/2.yaml]\n')
    put('a/1.yaml', 'version: 1\nextends: ../b.yaml\n')
    put('a/2.yaml', 'version: 1\nextends: ../b.yaml\n')
    put('b.yaml', 'version: 1\n')
    expect((await load()).files.map(({ path }) => path.slice(repo.length + 1))).toEqual([
      'b.yaml',
      'a/1.yaml',
      'a/2.yaml',
      '.agentboxrc',
    ])
  })
})

describe('a package', () => {
  it.each([
    ['its package.json names', '{"agentbox": "./policy/box.yaml"}', 'policy/box.yaml'],
    ['that is called like a policy', '{}', '.agentboxrc.json'],
  ])('brings the file %s', async (_name, manifest, file) => {
    put('node_modules/@acme/policy/package.json', manifest)
    put(`node_modules/@acme/policy/${file}`, '{"version": 1, "masks": {"patterns": ["*.acme"]}}')
    put('sub/.agentboxrc', 'version: 1\nextends: "@acme/policy"\n')
    const { policy, steering } = await load(join(repo, 'sub'))
    expect(policy.masks.patterns[0]!.value).toEqual({ pattern: '*.acme', base: join(repo, 'sub') })
    expect(steering).toEqual(
      ['package.json', file].map((name) => join(repo, 'node_modules/@acme/policy', name)),
    )
  })
})

describe('what is refused, at the line that asks for it', () => {
  const dir = 'node_modules/p'
  it.each<[string, string, () => void, string]>([
    ['out of the repository', '../out.yaml', () => put('../out.yaml', 'version: 1'), 'leads out of'],
    ['out and in again', './a/../../x.yaml', () => {}, 'leads out of'],
    ['an absolute path', '/etc/hostname', () => {}, 'is outside the repository'],
    ['the home', '~/x.yaml', () => {}, 'is outside the repository'],
    ['a bare name with a path', 'a/b/c', () => {}, 'is not the name of a package'],
    ['a variable', './$HOME/x.yaml', () => {}, 'is neither'],
    ['a URL', 'https://evil.example/x.yaml', () => {}, 'is not the name of a package'],
    ['nothing', './x.yaml', () => {}, 'is not there'],
    ['a program', './x.js', () => put('x.js', 'throw 1'), 'is a program'],
    ['a directory', './x.yaml', () => mkdirSync(join(repo, 'x.yaml')), 'cannot be read as a regular file'],
    ['a FIFO', './x.yaml', () => execFileSync('mkfifo', [join(repo, 'x.yaml')]), 'cannot be read as'],
    [
      'a link',
      './x.yaml',
      () => symlinkSync('/etc/hostname', join(repo, 'x.yaml')),
      'links are not followed',
    ],
    [
      'a file behind a link',
      './d/x.yaml',
      () => (put('real/x.yaml', 'version: 1'), symlinkSync('real', join(repo, 'd'))),
      'links are not followed',
    ],
    [
      '100 MB',
      './x.yaml',
      () => (put('x.yaml', 'version: 1'), truncateSync(join(repo, 'x.yaml'), 100e6)),
      'is larger than 256 KiB',
    ],
    ['itself', './.agentboxrc', () => {}, 'extends itself'],
    [
      'a circle',
      './a.yaml',
      () => (put('a.yaml', 'version: 1\nextends: ./b.yaml'), put('b.yaml', 'version: 1\nextends: ./a.yaml')),
      'extends itself',
    ],
    [
      'a long chain',
      './1.yaml',
      () => {
        for (let at = 1; at < 9; at++) put(`${at}.yaml`, `version: 1\nextends: ./${at + 1}.yaml\n`)
      },
      'is the end of a chain',
    ],
    ['a package that is not there', 'p', () => {}, 'is not installed'],
    ['a package without a policy', 'p', () => put(`${dir}/package.json`, '{}'), 'has no policy'],
    ['a package whose main runs', 'p', () => put(`${dir}/package.json`, '{"main": "x.js"}'), 'has no policy'],
    [
      'a package that leads out',
      'p',
      () => put(`${dir}/package.json`, '{"agentbox": "../../x"}'),
      'not a path',
    ],
    [
      'a package with a program',
      'p',
      () => put(`${dir}/package.json`, '{"agentbox": "x.cjs"}'),
      'not a path',
    ],
    ['a package that is no JSON', 'p', () => put(`${dir}/package.json`, '{'), 'not a path'],
    [
      'a linked package',
      'p',
      () => {
        put('real/package.json', '{}')
        put('real/.agentboxrc', 'version: 1')
        mkdirSync(join(repo, 'node_modules'))
        symlinkSync('../real', join(repo, dir))
      },
      'links are not followed',
    ],
  ])('%s', async (_name, reference, make, problem) => {
    put('.agentboxrc', `version: 1\nextends: ${JSON.stringify(reference)}\n`)
    make()
    const [issue] = await issues()
    expect(issue).toMatchObject({ line: 2, problem: expect.stringContaining(problem) })
  })

  it('a package in two places: an agent could have put the nearer one there', async () => {
    for (const at of ['', 'sub/']) {
      put(`${at}${dir}/package.json`, '{}')
      put(`${at}${dir}/.agentboxrc`, 'version: 1')
    }
    put('sub/.agentboxrc', 'version: 1\nextends: p\n')
    expect((await issues(join(repo, 'sub')))[0]!.problem).toContain('is installed twice')
  })

  it('what is wrong in the extended file, at its line', async () => {
    put('.agentboxrc', 'version: 1\nextends: ./a.yaml\n')
    put('a.yaml', 'version: 1\nfilesystem: {read: ["~/.ssh"]}\nmasks: {pattern: [x]}\n')
    expect(await issues()).toMatchObject([{ file: join(repo, 'a.yaml'), line: 3 }])
    put('a.yaml', 'version: 1\nfilesystem: {read: ["~/.ssh"]}\n')
    expect(await issues()).toMatchObject([
      { file: join(repo, 'a.yaml'), line: 2, problem: expect.stringContaining('beyond the ceiling') },
    ])
  })
})
