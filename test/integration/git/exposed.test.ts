import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exposedIn, exposedInHistory, exposedInTree } from '../../../src/git/exposed.ts'
import { stagedFiles } from '../../../src/git/staged.ts'
import { makeRepo, type Repo } from './repo.ts'

const KEY = ['ghp', 'aB3'.repeat(12)].join('_')
let repo: Repo
beforeEach(() => void (repo = makeRepo()))
afterEach(() => repo.remove())

const places = (examined: { found: { path: string; line: number }[] }): string[] =>
  examined.found.map(({ path, line }) => `${path}:${line}`).toSorted()
const skips = (path: string): boolean => path === '.env'

describe('credentials', () => {
  it('are found in a tree, without what is skipped, is too large or stands in vendored directories', async () => {
    for (const path of ['a.ts', 'deep/b.ts', '.env', 'node_modules/x/c.ts'])
      repo.write(path, `\nk = '${KEY}'\n`)
    repo.write('large.txt', `${KEY}\n${'x'.repeat(1024 * 1024)}`)
    repo.try(repo.root, ['ln', '-s', 'a.ts', 'link.ts'])
    const examined = await exposedInTree(repo.root, { skips })
    expect(places(examined)).toEqual(['a.ts:2', 'deep/b.ts:2'])
    expect(examined.left).toBe(1)
    expect((await exposedInTree(repo.root, { skips, limit: -1 })).files).toBe(0)
  })

  it('are not said to be none where git cannot tell what is staged', () => {
    const dist = resolve(import.meta.dirname, '../../../dist/agentbox.cjs')
    const scan = [process.execPath, dist, 'scan', '--staged']
    expect(repo.try(repo.root, scan, { GIT_DIR: '/nowhere' })).toMatchObject({
      status: 125,
      err: expect.stringContaining('git cannot tell what is staged'),
    })
  })

  it('are found in the index, whatever the work tree has, and before the first commit', async () => {
    const where = { cwd: repo.root }
    const staged = async () => exposedIn(where, (await stagedFiles(where))!, { skips })
    repo.write('a.ts', `k = '${KEY}'\n`)
    repo.git('add', 'a.ts')
    repo.write('a.ts', 'clean\n')
    repo.write('b.ts', `k = '${KEY}'\n`)
    expect(places(await staged())).toEqual(['a.ts:1'])
    repo.git('commit', '-qm', 'one')
    expect(places(await staged())).toEqual([])
    repo.git('mv', 'a.ts', 'moved.ts')
    expect(places(await staged())).toEqual(['moved.ts:1'])
    // What goes is no danger.
    repo.git('rm', '-q', '-f', '--cached', 'moved.ts')
    expect(places(await staged())).toEqual([])
  })

  it('are found in history: of other branches, in stashes, behind reflogs', async () => {
    repo.write('plain.ts', 'x\n')
    repo.commit('one')
    repo.git('checkout', '-q', '-b', 'side')
    repo.write('side.ts', `\n\nk = '${KEY}'\n`)
    repo.commit('side')
    repo.git('checkout', '-q', 'main')
    repo.write('stashed.ts', `'${KEY}' // stashed\n`)
    repo.git('stash', '-u', '-q')
    repo.write('gone.ts', `'${KEY}' // gone\n`)
    repo.commit('gone')
    repo.git('reset', '-q', '--hard', 'HEAD~1')
    const examined = await exposedInHistory(repo.root, { skips })
    expect(places(examined)).toEqual(['gone.ts:1', 'side.ts:3', 'stashed.ts:1'])
    expect(examined.found.every(({ object }) => /^[0-9a-f]{40}$/.test(object ?? ''))).toBe(true)
    expect(examined.left).toBe(0)
  })
})
