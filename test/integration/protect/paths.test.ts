import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AgentboxError } from '../../../src/errors.ts'
import { findRepository } from '../../../src/git/repository.ts'
import {
  makePlaceholders,
  protectPaths,
  type Protection,
  type ProtectInput,
} from '../../../src/protect/paths.ts'

let project: string

function git(...args: string[]): void {
  const env = { PATH: process.env['PATH'], HOME: project, GIT_CONFIG_NOSYSTEM: '1' }
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
    cwd: project,
    env,
    stdio: 'ignore',
  })
}

function put(path: string, text = ''): { path: string; kind: string } {
  mkdirSync(`${project}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true })
  writeFileSync(`${project}/${path}`, text)
  return { path: `${project}/${path}`, kind: 'file' }
}

function protect(
  entries: { path: string; kind: string }[] = [],
  readonly: string[] = [],
  more: Partial<Pick<ProtectInput, 'grants' | 'covered' | 'named' | 'gitSettings'>> = {},
): Protection {
  return protectPaths({
    project,
    repository: findRepository(project),
    entries,
    absent: [],
    readonly: readonly.map((path) => ({ path: `${project}/${path}`, why: 'test' })),
    grants: [],
    covered: [],
    named: [],
    gitSettings: [],
    ...more,
  })
}

const relative = (paths: string[]): string[] => paths.map((path) => path.slice(project.length + 1))

beforeEach(() => {
  project = realpathSync(mkdtempSync(`${tmpdir()}/agentbox-protect-`))
  git('init', '-q')
})
afterEach(() => rmSync(project, { recursive: true, force: true }))

describe('protectPaths', () => {
  it('closes hooks, config, attributes and the way out of a plain repository, and pins .git', () => {
    const { readonly, pins } = protect()
    expect(relative(readonly.map(({ path }) => path))).toEqual([
      '.git/commondir',
      '.git/config',
      '.git/config.worktree',
      '.git/hooks',
      '.git/info/attributes',
    ])
    expect(relative(pins)).toEqual(['.git', '.git/info'])
  })

  it('makes only what is inert, and only in the git directory', () => {
    rmSync(`${project}/.git/hooks`, { recursive: true })
    const { placeholders } = protect()
    makePlaceholders(placeholders)
    expect(existsSync(`${project}/.git/hooks`)).toBe(true)
    expect(protect().placeholders).toEqual([])
    git('status')
  })

  it('pins the ancestors of a nested path, outermost first, and never reopens what is read-only', () => {
    const entries = [put('a/b/.vscode/tasks.json'), put('.claude/skills/x/.mcp.json')]
    entries[0] = { path: `${project}/a/b/.vscode`, kind: 'directory' }
    entries.push({ path: `${project}/.claude`, kind: 'directory' })
    const { readonly, pins } = protect(entries)
    expect(relative(pins)).toEqual(['.git', '.git/info', 'a', 'a/b'])
    expect(relative(readonly.map(({ path }) => path))).toContain('.claude')
    expect(relative(readonly.map(({ path }) => path))).not.toContain('.claude/skills/x/.mcp.json')
  })

  it('follows core.hooksPath and includes into the project', () => {
    git('config', 'core.hooksPath', 'tools/hooks')
    git('config', 'include.path', '../shared.gitconfig')
    put('tools/hooks/pre-commit')
    put('shared.gitconfig')
    const { readonly, pins } = protect()
    const paths = relative(readonly.map(({ path }) => path))
    expect(paths).toContain('tools/hooks')
    expect(paths).toContain('shared.gitconfig')
    expect(relative(pins)).toContain('tools')
  })

  it("closes a nested repository's hooks and config", () => {
    execFileSync('git', ['init', '-q', `${project}/vendor/lib`], { stdio: 'ignore' })
    const { readonly } = protect([{ path: `${project}/vendor/lib/.git`, kind: 'directory' }])
    expect(relative(readonly.map(({ path }) => path))).toContain('vendor/lib/.git/hooks')
  })

  it('closes the gaps of a nested repository, and of a bare one what is there: nothing is made in that', () => {
    for (const [args, path] of [
      [[], 'vendor/lib'],
      [['--bare'], 'store'],
    ] as const)
      execFileSync('git', ['init', '-q', ...args, `${project}/${path}`], { stdio: 'ignore' })
    for (const path of ['vendor/lib/.git/hooks', 'store/info'])
      rmSync(`${project}/${path}`, { recursive: true })
    const { readonly, placeholders, repositories } = protect([
      { path: `${project}/vendor/lib/.git`, kind: 'directory' },
      { path: `${project}/vendor/lib/.git/HEAD`, kind: 'file' },
      { path: `${project}/store/HEAD`, kind: 'file' },
    ])
    const closed = relative(readonly.map(({ path }) => path))
    for (const path of ['vendor/lib/.git/hooks', 'vendor/lib/.git/commondir', 'store/config', 'store/hooks'])
      expect(closed).toContain(path)
    const made = relative(placeholders.map(({ path }) => path))
    expect(made).toEqual(expect.arrayContaining(['vendor/lib/.git/hooks', 'vendor/lib/.git/config.worktree']))
    expect(made.filter((path) => path.startsWith('store'))).toEqual([])
    expect(relative(repositories)).toEqual(['.git', 'vendor/lib/.git', 'store'])
  })

  it('keeps other worktrees from being pruned, and those inside the project in use', () => {
    git('commit', '-qm', 'x', '--allow-empty')
    const outside = mkdtempSync(`${tmpdir()}/agentbox-tree-`)
    git('worktree', 'add', '-q', '--detach', `${outside}/out`)
    git('worktree', 'add', '-q', '--detach', '.trees/in')
    const paths = relative(protect().readonly.map(({ path }) => path))
    expect(paths).toContain('.git/worktrees/out')
    expect(paths).not.toContain('.git/worktrees/in')
    expect(paths).toContain('.git/worktrees/in/commondir')
    rmSync(outside, { recursive: true })
  })

  it('protects what a protected link leads to inside the project, not what is outside', () => {
    put('settings/x.json')
    symlinkSync('settings', `${project}/.claude`)
    symlinkSync('/etc', `${project}/.vscode`)
    const entries = ['.claude', '.vscode'].map((name) => ({ path: `${project}/${name}`, kind: 'symlink' }))
    const paths = protect(entries).readonly.map(({ path }) => path)
    expect(relative(paths)).toContain('settings')
    expect(paths).not.toContain('/etc')
  })

  it('protects by place as well as by name, and what a link gives such a place', () => {
    const entries = [
      put('a.code-workspace'),
      put('.cargo/config.toml'),
      put('src/config.toml'),
      put('gh/hooks/x.json'),
    ]
    mkdirSync(`${project}/.github/hooks`, { recursive: true })
    symlinkSync('../gh', `${project}/src/.github`)
    entries.push({ path: `${project}/.github/hooks`, kind: 'directory' })
    entries.push({ path: `${project}/src/.github`, kind: 'symlink' })
    const { readonly, pins } = protect(entries)
    const paths = relative(readonly.map(({ path }) => path))
    for (const path of ['a.code-workspace', '.cargo/config.toml', '.github/hooks', 'gh'])
      expect(paths).toContain(path)
    expect(paths).not.toContain('src/config.toml')
    expect(relative(pins)).toEqual(expect.arrayContaining(['.cargo', '.github']))
  })

  it('refuses a git directory whose hooks are a link: it could be replaced', () => {
    rmSync(`${project}/.git/hooks`, { recursive: true })
    symlinkSync('../hooks', `${project}/.git/hooks`)
    expect(() => protect()).toThrow(AgentboxError)
  })

  it('pins what is above a secret, but in no place that is granted for reading', () => {
    put('a/b/.env')
    put('r/c/.env')
    put('r/.envrc')
    const covered = ['a/b/.env', 'r/c/.env'].map((path) => `${project}/${path}`)
    const grants = [{ path: `${project}/r/c`, access: 'ro' as const }]
    const entries = [{ path: `${project}/r/x/.envrc`, kind: 'file' }]
    put('r/x/.envrc')
    const { pins } = protect(entries, [], { covered, grants })
    expect(relative(pins)).toEqual(['.git', '.git/info', 'a', 'a/b', 'r/x'])
  })

  it('holds every link on the way to what is protected, masked or hidden, and what is above it', () => {
    put('real/deep/x')
    put('b/y')
    for (const [link, to] of [
      ['a/.env', '../now/x'],
      ['now', 'real/deep'],
      ['.envrc', 'b/y'],
      ['other', 'b/y'],
    ] as const) {
      mkdirSync(`${project}/a`, { recursive: true })
      symlinkSync(to, `${project}/${link}`)
    }
    const entries = [{ path: `${project}/.envrc`, kind: 'symlink' }]
    const found = protect(entries, [], {
      named: [`${project}/a/.env`],
      covered: [`${project}/real/deep/x`],
    })
    expect(relative(found.links)).toEqual(['.envrc', 'a/.env', 'now'])
    expect(relative(found.pins)).toEqual(['.git', '.git/info', 'a', 'b', 'real', 'real/deep'])
  })

  it("closes the repositories in what may be written besides, and a nested one's submodules and worktrees", () => {
    const other = realpathSync(mkdtempSync(`${tmpdir()}/agentbox-granted-`))
    try {
      const outside = (...args: string[]): void =>
        git('-C', `${other}/n`, '-c', 'protocol.file.allow=always', ...args)
      git('commit', '-qm', 'x', '--allow-empty')
      git('init', '-q', `${other}/n`)
      outside('submodule', 'add', project, 'dep')
      outside('commit', '-qm', 'x')
      outside('submodule', 'deinit', '-f', 'dep')
      outside('worktree', 'add', '-q', '--detach', `${other}/../${project.split('/').at(-1)}-tree`)
      const entries = [{ path: `${other}/n/.git`, kind: 'directory' }]
      const paths = (access: 'ro' | 'rw'): string[] =>
        protect(entries, [], { grants: [{ path: other, access }] }).readonly.map(({ path }) => path)
      for (const path of [
        'hooks',
        'config',
        'modules/dep/hooks',
        `worktrees/${project.split('/').at(-1)}-tree`,
      ])
        expect(paths('rw')).toContain(`${other}/n/.git/${path}`)
      expect(paths('ro').filter((path) => path.startsWith(other))).toEqual([])
    } finally {
      rmSync(other, { recursive: true })
      rmSync(`${project}-tree`, { recursive: true, force: true })
    }
  })

  it('closes a directory .git that is not yet a git directory, which a file more would make one', () => {
    put('x/.git/config')
    const { readonly } = protect([{ path: `${project}/x/.git`, kind: 'directory' }])
    expect(relative(readonly.map(({ path }) => path))).toContain('x/.git')
  })

  it('follows what is included by what is included, and the programs of the project that a setting names', () => {
    put('sub/two.cfg', '[core]\n\thooksPath = tools/hooks\n')
    put('tools/hooks/x')
    put('tools/clean.py')
    put('run.sh')
    put('main')
    git('config', 'filter.x.clean', 'python3 "tools/clean.py" %f')
    git('config', 'alias.run', '!./run.sh now')
    git('config', 'branch.main.remote', 'main')
    git('config', 'include.path', '../one.cfg')
    put('one.cfg', '[include]\n\tpath = sub/two.cfg\n[include]\n\tpath = one.cfg\n')
    const paths = relative(protect().readonly.map(({ path }) => path))
    expect(paths.filter((path) => !path.startsWith('.git/'))).toEqual([
      'one.cfg',
      'run.sh',
      'sub/two.cfg',
      'tools/clean.py',
      'tools/hooks',
    ])
  })

  it('knows what git would obey there and is not there, but not in what is read-only anyway', () => {
    git('config', 'core.hooksPath', '.husky/_')
    git('config', 'include.path', '../local.cfg')
    put('.husky/pre-commit')
    const absent = (entries: { path: string; kind: string }[]): string[] =>
      relative(protect(entries).absent.map(({ path }) => path))
    const gits = ['.git/objects/info/alternates', '.git/info/grafts', '.git/lazygit.yml']
    expect(absent([])).toEqual([...gits, '.husky/_', 'local.cfg'])
    expect(absent([{ path: `${project}/.husky`, kind: 'directory' }])).toEqual([...gits, 'local.cfg'])
  })

  it('takes what is relative in settings from each work tree, and what one of them has for itself', () => {
    git('commit', '-qm', 'x', '--allow-empty')
    git('worktree', 'add', '-q', '--detach', 'trees/one')
    git('config', 'core.hooksPath', 'githooks')
    git('config', 'extensions.worktreeConfig', 'true')
    git('-C', 'trees/one', 'config', '--worktree', 'core.fsmonitor', 'tools/watch')
    for (const path of ['githooks/x', 'trees/one/githooks/x', 'trees/one/tools/watch', 'tools/watch'])
      put(path)
    const paths = relative(protect().readonly.map(({ path }) => path))
    expect(paths.filter((path) => !path.startsWith('.git/'))).toEqual([
      'githooks',
      'trees/one/githooks',
      'trees/one/tools/watch',
    ])
    writeFileSync(`${project}/.git/worktrees/one/gitdir`, '../../../trees/one/.git\n')
    expect(relative(protect().readonly.map(({ path }) => path))).toContain('trees/one/githooks')
  })

  it("takes what the user's own settings name in the project", () => {
    const file = `${tmpdir()}/agentbox-settings-${process.pid}`
    const named = `[core]\n\thooksPath = githooks\n\tfsmonitor = ${project}/tools/watch\n[alias]\n\tst = !main a/b\n`
    writeFileSync(
      file,
      `${named}[include]\n\tpath = ${project}/team.cfg\n[diff "x"]\n\ttextconv = tools/x -a\n`,
    )
    for (const path of ['githooks/x', 'tools/watch', 'main']) put(path)
    const { readonly, absent } = protect([], [], { gitSettings: [file] })
    rmSync(file)
    const [closed, awaited] = [readonly, absent].map((list) => relative(list.map(({ path }) => path)))
    expect(closed!.filter((path) => !path.startsWith('.git/'))).toEqual(['githooks', 'tools/watch'])
    expect(awaited!.filter((path) => !path.startsWith('.git/'))).toEqual(['team.cfg', 'tools/x'])
  })

  it('closes what links in hooks and settings lead to, whether it is there or not, but no packages', () => {
    const links = [
      ['.git/hooks/pre-commit', '../../tools/check.sh'],
      ['.git/hooks/pre-push', '../../tools/missing.sh'],
      ['.claude/settings.json', '../way/claude.json'],
      ['.claude/skills', '../skills'],
      ['.claude/up', '..'],
      ['.claude/pack', '../node_modules/pack'],
      ['skills/far', '../far.md'],
      ['way', 'shared'],
      ['.mcp.json', 'shared/mcp.json'],
    ] as const
    for (const path of ['tools/check.sh', 'shared/claude.json', 'far.md', 'node_modules/pack/x']) put(path)
    for (const [link, to] of links) {
      mkdirSync(`${project}/${link}`.replace(/\/[^/]*$/, ''), { recursive: true })
      symlinkSync(to, `${project}/${link}`)
    }
    const {
      readonly,
      absent,
      links: held,
    } = protect([
      { path: `${project}/.claude`, kind: 'directory' },
      { path: `${project}/.mcp.json`, kind: 'symlink' },
    ])
    const [closed, awaited] = [readonly, absent].map((list) =>
      relative(list.map(({ path }) => path)).filter((path) => !path.startsWith('.git/')),
    )
    expect(closed).toEqual(['.claude', 'far.md', 'shared/claude.json', 'skills', 'tools/check.sh'])
    expect(awaited).toEqual(['shared/mcp.json', 'tools/missing.sh'])
    expect(relative(held)).toEqual(['.mcp.json', 'way'])
  })

  it('closes what settings name by way of links, and holds these', () => {
    put('else/hooks/x')
    symlinkSync('else', `${project}/tools`)
    symlinkSync('/opt', `${project}/out`)
    git('config', 'core.hooksPath', 'tools/hooks')
    git('config', 'include.path', '../out/x.cfg')
    git('config', 'core.attributesFile', 'tools/attributes')
    const { readonly, absent, links } = protect()
    expect(relative(readonly.map(({ path }) => path))).toContain('else/hooks')
    expect(relative(absent.map(({ path }) => path))).toContain('else/attributes')
    expect(relative(links)).toEqual(['out', 'tools'])
  })

  it('makes nothing behind a .git that leads nowhere', () => {
    const entry = put('x/.git', 'gitdir: ../store\n')
    const { readonly, placeholders } = protect([entry])
    expect(relative(readonly.map(({ path }) => path))).toContain('x/.git')
    expect(relative(placeholders.map(({ path }) => path)).filter((path) => path.startsWith('x/'))).toEqual([])
  })

  it('knows a home in front of what is included', () => {
    git('config', 'include.path', `~/../${'../'.repeat(20)}${project.slice(1)}/x.cfg`)
    put('x.cfg')
    expect(relative(protect().readonly.map(({ path }) => path))).toContain('x.cfg')
  })

  it('takes read-only parts of the policy', () => {
    put('docs/a.md')
    expect(relative(protect([], ['docs']).readonly.map(({ path }) => path))).toContain('docs')
  })
})
