import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBlobs } from '../../../src/git/blobs.ts'
import { callGit } from '../../../src/git/call.ts'
import { exposedInHistory } from '../../../src/git/exposed.ts'
import { maskedInHistory } from '../../../src/git/history.ts'
import { commitOf, fileAt, filesNamed, forkOf } from '../../../src/git/revisions.ts'
import { stagedFiles } from '../../../src/git/staged.ts'
import { committedAt } from '../../../src/git/verified.ts'
import { trackedFiles } from '../../../src/git/tracked.ts'
import { makeRepo, type Repo } from './repo.ts'

let repo: Repo
let canary: string

/** Everything in a repository that an ordinary git command can be made to execute. */
const SETTINGS: [key: string, value?: string][] = [
  ['core.fsmonitor'],
  ['core.hooksPath', 'HOOKS'],
  ['core.pager'],
  ['core.editor'],
  ['core.sshCommand'],
  ['core.askPass'],
  ['core.gitProxy'],
  ['core.alternateRefsCommand'],
  ['sequence.editor'],
  ['diff.external'],
  ['diff.evil.textconv'],
  ['diff.evil.command'],
  ['filter.evil.clean'],
  ['filter.evil.smudge'],
  ['filter.evilprocess.process'],
  ['merge.evil.driver'],
  ['interactive.diffFilter'],
  ['pager.log'],
  ['pager.ls-files'],
  ['alias.ls-files', '!EVIL'],
  ['alias.cat-file', '!EVIL'],
  ['credential.helper'],
  ['gpg.program'],
  ['gpg.ssh.program'],
  ['log.showSignature', 'true'],
  ['log.mailmap', 'true'],
  ['remote.origin.uploadpack'],
  ['remote.origin.url', 'ext::EVIL %S'],
  ['remote.origin.promisor', 'true'],
  ['remote.origin.partialclonefilter', 'blob:none'],
  ['uploadpack.packObjectsHook'],
  ['protocol.ext.allow', 'always'],
  ['protocol.allow', 'always'],
  ['hook.evil.command'],
  ['hook.evil.event', 'post-index-change'],
  ['trailer.evil.command'],
  ['url.ext::EVIL.insteadOf', 'https://'],
]

beforeAll(() => {
  repo = makeRepo()
  canary = `${repo.top}/canary`
  const evil = `${repo.top}/evil.sh`
  writeFileSync(evil, `#!/bin/sh\necho "$0 $*" >> ${canary}\n`, { mode: 0o755 })
  repo.write('a.txt', 'one\n')
  repo.write('.env', 'S=1\n')
  repo.write('.gitattributes', '*.txt diff=evil filter=evil merge=evil\n.env filter=evilprocess diff=evil\n')
  repo.commit('one')
  repo.write('a.txt', 'two\n')
  repo.git('stash')
  repo.write('b.txt', 'x\n')
  repo.git('add', 'b.txt')
  for (const hook of ['post-index-change', 'reference-transaction', 'post-checkout', 'pre-auto-gc']) {
    repo.write(`../hooks/${hook}`, `#!/bin/sh\nexec ${evil} ${hook}\n`, 0o755)
  }
  for (const [key, value = 'EVIL'] of SETTINGS) {
    repo.git('config', key, value.replace('EVIL', evil).replace('HOOKS', `${repo.top}/hooks`))
  }
  writeFileSync(`${repo.top}/included`, `[core]\n\tfsmonitor = ${evil}\n`)
  repo.git('config', `includeIf.gitdir:${repo.root}/.path`, `${repo.top}/included`)
  repo.git('config', 'extensions.partialClone', 'origin')
  rmSync(canary, { force: true })
})
afterAll(() => repo.remove())

const ran = (): string => (existsSync(canary) ? readFileSync(canary, 'utf8') : '')

describe('a hostile clone', () => {
  it('does execute things in ordinary commands, so that the tests below prove something', () => {
    for (const argv of [['status'], ['log', '-p', '--all'], ['diff', 'HEAD'], ['-p', 'log', '-1']]) {
      repo.try(repo.root, ['git', ...argv])
    }
    repo.try(repo.root, ['git', 'cat-file', '-p', 'a'.repeat(40)])
    expect(ran()).not.toBe('')
    rmSync(canary, { force: true })
  })

  const missing = 'a'.repeat(40)
  const calls: [string, () => Promise<unknown>, unknown?][] = [
    ['tracked files', () => trackedFiles(repo.root, [`${repo.root}/.env`])],
    ['staged files', () => stagedFiles({ cwd: repo.root })],
    ['blobs, with one that is not there', () => readBlobs({ cwd: repo.root }, [missing], 1000)],
    ['history', () => maskedInHistory({ root: repo.root, isMasked: (path) => path === '.env' })],
    [
      'what a commit has',
      () => committedAt({ cwd: repo.root }, repo.git('rev-parse', 'HEAD').trim(), '.env'),
    ],
    ['config', () => callGit({ cwd: repo.root, args: ['config', '--list', '-z'] })],
    ['refs', () => callGit({ cwd: repo.root, args: ['for-each-ref'] })],
    ['objects', () => callGit({ cwd: repo.root, args: ['rev-list', '--objects', '--all', '--reflog'] })],
    ['credentials in history', () => exposedInHistory(repo.root, { skips: () => false })],
    ['a commit', () => commitOf(repo.root, 'HEAD')],
    ['where commits parted', () => forkOf(repo.root, 'HEAD', 'HEAD')],
    ['the policies of a commit', () => filesNamed(repo.root, 'HEAD', ['.env', 'a.txt'], 1000)],
    ['a file of a commit', () => fileAt(repo.root, 'HEAD', 'a.txt', 1000)],
    ['a missing object', () => callGit({ cwd: repo.root, args: ['cat-file', '-e', missing] })],
  ]
  it.each(calls)('executes nothing when asked for %s', async (_, call) => {
    expect(await call()).toBeDefined()
    expect(ran()).toBe('')
  })

  it('gets no object fetched that a partial clone has not got, by none of them', async () => {
    const other = makeRepo()
    other.write('.env', 'S=1\n')
    other.write('dir/a.txt', 'one\n')
    other.commit('one')
    const objects = ['HEAD:.env', 'HEAD:dir'].map((name) => other.git('rev-parse', name).trim())
    other.git('config', 'remote.origin.url', `ext::${repo.top}/evil.sh %S`)
    for (const key of ['protocol.allow', 'protocol.ext.allow']) other.git('config', key, 'always')
    other.git('config', 'remote.origin.promisor', 'true')
    other.git('config', 'core.repositoryFormatVersion', '1')
    other.git('config', 'extensions.partialClone', 'origin')
    for (const oid of objects) rmSync(`${other.root}/.git/objects/${oid.slice(0, 2)}/${oid.slice(2)}`)
    try {
      other.try(other.root, ['git', 'show', 'HEAD:dir/a.txt'])
      expect(ran()).not.toBe('')
      rmSync(canary)
      const { root } = other
      await readBlobs({ cwd: root }, objects, 1000)
      await filesNamed(root, 'HEAD', ['.env', 'a.txt'], 1000)
      await fileAt(root, 'HEAD', 'dir/a.txt', 1000)
      await exposedInHistory(root, { skips: () => false })
      const { complete } = await maskedInHistory({ root, isMasked: () => true })
      expect([complete, ran()]).toEqual([false, ''])
    } finally {
      other.remove()
      rmSync(canary, { force: true })
    }
  })

  it('is not filled by a tree of more names than there is memory for', async () => {
    const bomb = makeRepo()
    try {
      let oid = bomb.try(bomb.root, ['sh', '-c', 'echo x | git hash-object -w --stdin']).out.trim()
      for (let level = 0; level < 9; level++) {
        const kind = level === 0 ? '100644 blob' : '040000 tree'
        const lines = Array.from({ length: 10 }, (_, n) => `${kind} ${oid}\tname-${n}`).join('\n')
        oid = bomb.try(bomb.root, ['sh', '-c', `printf '%s\n' "$0" | git mktree`, lines]).out.trim()
      }
      const commit = bomb.git('commit-tree', '-m', 'x', oid).trim()
      const answer = await callGit({ cwd: bomb.root, args: ['ls-tree', '-r', '-z', commit], limit: 600_000 })
      expect(answer).toMatchObject({ status: null, partial: true })
      expect(answer.stdout.length).toBeLessThanOrEqual(64 << 20)
      expect(await filesNamed(bomb.root, commit, ['a'], 1000)).toBeUndefined()
    } finally {
      bomb.remove()
    }
  })

  it('answers all the same', async () => {
    expect(await trackedFiles(repo.root, [`${repo.root}/.env`])).toEqual(new Set([`${repo.root}/.env`]))
    expect((await stagedFiles({ cwd: repo.root }))?.map(({ path }) => path)).toEqual(['b.txt'])
    const { findings } = await maskedInHistory({ root: repo.root, isMasked: (path) => path === '.env' })
    expect(findings).toMatchObject([{ path: '.env', places: ['tracked', 'history'] }])
  })

  it('does not wait for ever for a config that is a FIFO', async () => {
    repo.try(repo.top, ['mkfifo', 'fifo'])
    repo.git('config', 'include.path', `${repo.top}/fifo`)
    const started = Date.now()
    const answer = await callGit({ cwd: repo.root, args: ['ls-files'], limit: 300 })
    expect(answer).toMatchObject({ status: null, partial: true })
    expect(Date.now() - started).toBeLessThan(10_000)
    writeFileSync(
      `${repo.root}/.git/config`,
      readFileSync(`${repo.root}/.git/config`, 'utf8').replace(/\[include\]\n.*\n/, ''),
    )
  })
})
