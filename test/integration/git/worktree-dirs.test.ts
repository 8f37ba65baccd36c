import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { belongingOf, pointedAt } from '../../../src/git/worktree-dirs.ts'

let base: string
beforeEach(() => (base = realpathSync(mkdtempSync(`${tmpdir()}/worktrees-`))))
afterEach(() => rmSync(base, { recursive: true }))

const sparse = '[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = false\n[index]\n\tsparse = true\n'

it.each([
  ['what git makes', { commondir: '../..\n' }, 'own'],
  ['what git has begun', { locked: 'initializing' }, 'unfinished'],
  ['what git is writing', { commondir: '' }, 'unfinished'],
  ['another config', { commondir: '../../../evil' }, 'other'],
  // git looks in the directory `.. `, which the agent can make.
  ['a space at the end', { commondir: '../.. \n' }, 'other'],
  ['a repository by itself', { objects: '' }, 'other'],
  ['a sparse checkout', { commondir: '../..', 'config.worktree': sparse }, 'own'],
  ['a setting', { commondir: '../..', 'config.worktree': '[core]\n\tfsmonitor = x\n' }, 'other'],
  [
    'a setting behind a comment that seems to go on',
    { commondir: '../..', 'config.worktree': '[core]\n# \\\nfsmonitor = x\n' },
    'other',
  ],
  [
    'a setting in the header’s line',
    { commondir: '../..', 'config.worktree': '[core] fsmonitor = x\n' },
    'other',
  ],
] as const)('%s', (_what, files, expected) => {
  const dir = `${base}/.git/worktrees/x`
  mkdirSync(dir, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(`${dir}/${name}`, text)
  expect(belongingOf(dir, `${base}/.git`)).toBe(expected)
})

it('a link is no administration, and nothing is an unfinished one', () => {
  mkdirSync(`${base}/.git/worktrees/x`, { recursive: true })
  symlinkSync('x', `${base}/.git/worktrees/y`)
  expect(belongingOf(`${base}/.git/worktrees/y`, `${base}/.git`)).toBe('other')
  expect(belongingOf(`${base}/.git/worktrees/z`, `${base}/.git`)).toBe('unfinished')
})

it('a config of its own is a file, and may be the one of the repository', () => {
  const dir = `${base}/.git/worktrees/x`
  mkdirSync(dir, { recursive: true })
  writeFileSync(`${dir}/commondir`, '../..\n')
  writeFileSync(`${dir}/config.worktree`, '[core]\n\tbare = false\n')
  expect(belongingOf(dir, `${base}/.git`)).toBe('other')
  writeFileSync(`${base}/.git/config.worktree`, '[core]\n\tbare = false\n')
  expect(belongingOf(dir, `${base}/.git`)).toBe('own')
  rmSync(`${dir}/config.worktree`)
  symlinkSync('../../config.worktree', `${dir}/config.worktree`)
  expect(belongingOf(dir, `${base}/.git`)).toBe('other')
})

it.each([
  ['gitdir: /a/b\n', '/a/b'],
  ['gitdir: ../c', 'BASE/../c'],
  ['gitdir: ', undefined],
  ['elsewhere: /a\n', undefined],
  ['', undefined],
])('%j leads to %s', (text, wanted) => {
  writeFileSync(`${base}/.git`, text)
  expect(pointedAt(`${base}/.git`)).toBe(wanted?.replace('BASE', base))
})
