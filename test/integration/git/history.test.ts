import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exposedInHistory } from '../../../src/git/exposed.ts'
import { maskedInHistory, type HistoryReport } from '../../../src/git/history.ts'
import { makeRepo, type Repo } from './repo.ts'

const dist = resolve(import.meta.dirname, '../../../dist/agentbox.cjs')
let repo: Repo
beforeEach(() => void (repo = makeRepo()))
afterEach(() => repo.remove())

const ask = (more: { present?: string[]; limit?: number } = {}): Promise<HistoryReport> =>
  maskedInHistory({ root: repo.root, isMasked: (path) => /(^|\/)\.env$/.test(path), ...more })

describe('maskedInHistory', () => {
  it('finds nothing where nothing is, also before the first commit', async () => {
    expect(await ask()).toEqual({ findings: [], complete: true })
    repo.write('a', 'x')
    repo.commit('a')
    expect(await ask()).toEqual({ findings: [], complete: true })
  })

  it('tells tracked from only in history', async () => {
    repo.write('.env', 'S=1')
    repo.write('deep/ü/.env', 'S=2')
    const first = repo.commit('both')
    repo.git('rm', '-q', '--cached', '.env')
    repo.git('commit', '-qm', 'out')
    expect((await ask()).findings).toEqual([
      { path: '.env', places: ['history'], commits: [first] },
      { path: 'deep/ü/.env', places: ['tracked', 'history'], commits: [first] },
    ])
  })

  it('finds it in a merge commit alone, on another branch, and behind a reflog', async () => {
    repo.write('a', 'x')
    repo.commit('base')
    repo.git('checkout', '-qb', 'side')
    repo.write('b', 'x')
    repo.commit('side')
    repo.git('checkout', '-q', 'main')
    repo.git('merge', '-q', '--no-commit', '--no-ff', 'side')
    repo.write('m/.env', 'S=1')
    const merge = repo.commit('merge')
    repo.git('reset', '-q', '--hard', 'HEAD~1')
    expect((await ask()).findings).toEqual([{ path: 'm/.env', places: ['history'], commits: [merge] }])
  })

  it('says that it could not look at everything where objects are missing', async () => {
    repo.write('dir/a', 'x')
    repo.commit('one')
    repo.write('dir/a', 'y')
    repo.commit('two')
    const tree = repo.git('rev-parse', 'HEAD~1:dir').trim()
    rmSync(`${repo.root}/.git/objects/${tree.slice(0, 2)}/${tree.slice(2)}`)
    expect((await ask()).complete).toBe(false)
    const skips = (): boolean => false
    expect((await exposedInHistory(repo.root, { skips })).complete).toBe(false)
    const scan = repo.try(repo.root, [process.execPath, dist, 'scan', '--history'])
    expect([scan.status, scan.err]).toEqual([125, expect.stringContaining('0 findings')])
    expect(scan.err).toContain('not all of history')
    const json = repo.try(repo.root, [process.execPath, dist, 'scan', '--history', '--json'])
    expect([json.status, JSON.parse(json.out)]).toEqual([125, expect.objectContaining({ complete: false })])
    // What was found is found.
    repo.write('.env', 'A=1\n')
    repo.commit('three')
    expect(repo.try(repo.root, [process.execPath, dist, 'scan', '--history']).status).toBe(1)
  })

  it('finds it in a stash, also as an untracked file', async () => {
    repo.write('a', 'x')
    repo.commit('base')
    repo.write('.env', 'S=1')
    repo.git('stash', '-u', '-q')
    expect((await ask()).findings).toMatchObject([{ path: '.env', places: ['stash'] }])
  })

  it('finds a commit that nothing leads to', async () => {
    repo.write('a', 'x')
    repo.commit('base')
    repo.write('.env', 'S=1')
    const lost = repo.commit('lost')
    repo.git('reset', '-q', '--hard', 'HEAD~1')
    repo.git('reflog', 'expire', '--expire=now', '--all')
    repo.git('update-ref', '-d', 'ORIG_HEAD')
    expect((await ask()).findings).toEqual([{ path: '.env', places: ['dangling'], commits: [lost] }])
  })

  it('finds content that was staged and taken back', async () => {
    repo.write('.env', 'S=1')
    repo.git('add', '.env')
    repo.git('rm', '-q', '--cached', '.env')
    expect((await ask()).findings).toEqual([])
    const { findings } = await ask({ present: [`${repo.root}/.env`] })
    expect(findings).toEqual([{ path: '.env', places: ['staged'], commits: [] }])
  })

  it('keeps names that are no text', async () => {
    repo.try(repo.root, [
      'sh',
      '-c',
      `d=$(printf 'x\\377'); mkdir "$d"; echo > "$d/.env"; git add -A; git commit -qm x`,
    ])
    expect((await ask()).findings).toMatchObject([{ path: 'x\uDCFF/.env', places: ['tracked', 'history'] }])
  })

  it('works with SHA-256, and says when the time was over', async () => {
    const other = makeRepo({ init: ['--object-format=sha256'] })
    other.write('.env', 'S=1')
    other.git('add', '.env')
    const input = { root: other.root, isMasked: () => true, present: [`${other.root}/.env`] }
    other.git('rm', '-q', '--cached', '.env')
    expect((await maskedInHistory(input)).findings).toMatchObject([{ places: ['staged'] }])
    expect((await maskedInHistory({ ...input, limit: 1 })).complete).toBe(false)
    other.remove()
  })
})
