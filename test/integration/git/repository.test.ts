import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findRepository } from '../../../src/git/repository.ts'

let top: string

function git(cwd: string, ...args: string[]): void {
  const env = {
    PATH: process.env['PATH'],
    HOME: top,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  }
  execFileSync('git', ['-c', 'protocol.file.allow=always', ...args], { cwd, env, stdio: 'ignore' })
}

beforeAll(() => {
  top = realpathSync(mkdtempSync(`${tmpdir()}/agentbox-repo-`))
  for (const name of ['main', 'lib']) {
    mkdirSync(`${top}/${name}/deep/er`, { recursive: true })
    git(`${top}/${name}`, 'init', '-q')
    git(`${top}/${name}`, 'commit', '-qm', 'x', '--allow-empty')
  }
  git(`${top}/main`, 'worktree', 'add', '-q', '../tree')
  git(`${top}/main`, 'submodule', '--quiet', 'add', `${top}/lib`, 'sub/lib')
  git(top, 'init', '-q', '--bare', 'bare.git')
})
afterAll(() => rmSync(top, { recursive: true, force: true }))

describe('findRepository', () => {
  it.each([
    ['main', 'main', 'plain', 'main/.git', 'main/.git'],
    ['main/deep/er', 'main', 'plain', 'main/.git', 'main/.git'],
    ['tree', 'tree', 'worktree', 'main/.git/worktrees/tree', 'main/.git'],
    // A submodule belongs to the repository around it.
    ['main/sub/lib', 'main', 'plain', 'main/.git', 'main/.git'],
    ['bare.git', 'bare.git', 'bare', 'bare.git', 'bare.git'],
    ['bare.git/refs', 'bare.git', 'bare', 'bare.git', 'bare.git'],
  ])('from %s', (cwd, workTree, kind, gitDir, commonDir) => {
    expect(findRepository(`${top}/${cwd}`)).toEqual({
      workTree: `${top}/${workTree}`,
      kind,
      gitDir: `${top}/${gitDir}`,
      commonDir: `${top}/${commonDir}`,
    })
  })

  it('knows the superproject of a submodule in a linked worktree', () => {
    git(`${top}/main`, 'commit', '-qam', 'sub')
    git(`${top}/main`, 'worktree', 'add', '-q', '--detach', '../tree2')
    git(`${top}/tree2`, 'submodule', '--quiet', 'update', '--init')
    expect(findRepository(`${top}/tree2/sub/lib`)).toMatchObject({
      workTree: `${top}/tree2`,
      kind: 'worktree',
    })
  })

  it('does not trust a .git file whose target does not point back', () => {
    mkdirSync(`${top}/hostile`)
    writeFileSync(`${top}/hostile/.git`, `gitdir: ${top}/main/.git\n`)
    expect(findRepository(`${top}/hostile`)?.kind).toBe('unverified')
    writeFileSync(`${top}/hostile/.git`, `gitdir: ${top}/main/.git/worktrees/tree\n`)
    expect(findRepository(`${top}/hostile`)?.kind).toBe('unverified')
    writeFileSync(`${top}/hostile/.git`, `gitdir: ${top}/main/.git/modules/sub/lib\n`)
    expect(findRepository(`${top}/hostile`)?.kind).toBe('unverified')
  })

  it('does not trust a .git that is a link', () => {
    mkdirSync(`${top}/linked`)
    symlinkSync(`${top}/main/.git`, `${top}/linked/.git`)
    expect(findRepository(`${top}/linked`)?.kind).toBe('unverified')
  })

  it('passes over a .git directory that is none, as git does', () => {
    mkdirSync(`${top}/main/deep/.git`)
    expect(findRepository(`${top}/main/deep/er`)?.workTree).toBe(`${top}/main`)
  })

  it('finds none where there is none', () => {
    expect(findRepository('/')).toBeUndefined()
  })
})
