import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compileMatcher } from '../../../src/masks/patterns.ts'
import { scanTree } from '../../../src/masks/scan.ts'
import { boxed, fifo, link, socket, temporary, write } from './tree.ts'
import { startWork } from '../../support/work.ts'

const { interesting } = compileMatcher({ patterns: [], except: [] })
const names = (root: string, roots = [root]): string[] =>
  scanTree(roots, { interesting }).entries.map(({ path }) => path.slice(root.length + 1))

test('finds files, hidden, nested and in odd directories, by whatever bytes', () => {
  const root = temporary()
  const odd = [
    '.env',
    'a/b/.env',
    '.hidden/.ENV',
    'with space/.env',
    'new\nline/.env',
    'b\udcff/.env.\udcfe',
    '\u{1f600}/prod.env',
    'x\ufffd/.env',
    'vendor/.env',
    '.venv/.env',
    'dist/.env',
  ]
  write(root, Object.fromEntries([...odd, 'README.md', 'src/index.ts'].map((name) => [name, ''])))
  expect(names(root)).toEqual(odd.toSorted((a, b) => (a < b ? -1 : 1)))
})

test('tells kinds, opens nothing, follows nothing', async () => {
  const root = temporary()
  write(root, { 'real/.env': '', 'dir/.env/x': '' })
  fifo(`${root}/.env`)
  await socket(`${root}/s.env`)
  link(root, 'l.env', 'real/.env')
  link(root, 'loop.env', 'loop.env')
  link(root, 'up', '..')
  link(root, 'bytes.env', 'to/\udcff')
  const entries = scanTree([root], { interesting }).entries.map(({ name, kind, link: to }) => [
    name,
    kind,
    to,
  ])
  expect(entries).toEqual([
    ['.env', 'fifo', undefined],
    ['bytes.env', 'symlink', 'to/\udcff'],
    ['.env', 'directory', undefined],
    ['l.env', 'symlink', 'real/.env'],
    ['loop.env', 'symlink', 'loop.env'],
    ['.env', 'file', undefined],
    ['s.env', 'socket', undefined],
  ])
})

test('does not enter node_modules and git directories, but what only is called .git', () => {
  const root = temporary()
  write(root, {
    'node_modules/p/.env': '',
    'a/node_modules/q/server.key': '',
    '.git/HEAD': '',
    '.git/.env': '',
    'b/.git/.env': '',
  })
  expect(names(root)).toEqual(['b/.git/.env'])
  const all = scanTree([root], { interesting: /^(?:node_modules|\.git)$/ }).entries
  expect(all.map(({ path }) => path.slice(root.length + 1))).toEqual([
    '.git',
    'a/node_modules',
    'b/.git',
    'node_modules',
  ])
})

test('does not enter what is hidden, and takes a root inside a root once', () => {
  const root = temporary()
  write(root, { 'a/.env': '', 'hidden/.env': '', 'node_modules/granted/.env': '', '.env': '' })
  const result = scanTree([root, `${root}/a`, `${root}/node_modules/granted`], {
    interesting,
    hidden: [`${root}/hidden`],
  })
  expect(result.entries.map(({ path }) => path.slice(root.length + 1))).toEqual([
    '.env',
    'a/.env',
    'node_modules/granted/.env',
  ])
  expect(result.directories).toBe(3)
})

test('a root may be a file; one that is missing is reported', () => {
  const root = temporary()
  write(root, { '.env': '' })
  expect(scanTree([`${root}/.env`, `${root}/none`], { interesting })).toEqual({
    entries: [],
    unreadable: [{ path: `${root}/none`, code: 'ENOENT' }],
    directories: 0,
    files: 1,
  })
})

test('survives any depth, and reports where names can no longer be masked', () => {
  const root = temporary()
  // 1,500 levels fit into PATH_MAX; with long names the limit comes first.
  const deep = `${root}/deep${'/d'.repeat(1500)}`
  mkdirSync(deep, { recursive: true })
  writeFileSync(`${deep}/.env`, '')
  const script = `mkdir far && cd far && for i in $(seq 20); do mkdir ${'n'.repeat(255)} && cd ${'n'.repeat(255)} && echo x > .env; done`
  execFileSync('bash', ['-c', script], { cwd: root })
  const result = scanTree([root], { interesting })
  expect(result.entries[0]?.path).toBe(`${deep}/.env`)
  expect(result.unreadable.map(({ code }) => code)).toEqual(['ENAMETOOLONG'])
  expect(result.entries.every(({ path }) => path.length < 4096 - 8)).toBe(true)
  execFileSync('rm', ['-rf', `${root}/far`])
})

test('a directory that vanishes during the walk is no error', () => {
  const root = temporary()
  write(root, { 'a/x/.env': '', 'b/.env': '' })
  const skip = (name: string, path: string): boolean => {
    if (name === 'x') rmSync(path, { recursive: true })
    return false
  }
  const result = scanTree([root], { interesting, skip })
  expect(result.unreadable).toEqual([])
  expect(result.entries.map(({ path }) => path.slice(root.length + 1))).toEqual(['b/.env'])
})

test('sees a bind mount of a directory inside itself once', () => {
  const root = temporary()
  write(root, { 'a/.env': '', 'a/b/x': '' })
  const out = boxed(
    `import { scanTree } from './scan.ts'
     console.log(JSON.stringify(scanTree([${JSON.stringify(root)}], { interesting: /^\\.env$/ })))`,
    ['--bind', `${root}/a`, `${root}/a/b`],
  )
  const { entries, unreadable, directories } = JSON.parse(out)
  expect(unreadable).toEqual([])
  expect(directories).toBe(4)
  expect(entries.map(({ path }: { path: string }) => path)).toEqual([`${root}/a/.env`, `${root}/a/b/.env`])
})

test('reports a directory that is closed to it', () => {
  const root = temporary()
  write(root, { 'closed/.env': '', 'open/.env': '' })
  chmodSync(`${root}/closed`, 0)
  const out = boxed(
    `import { scanTree } from './scan.ts'
     console.log(JSON.stringify(scanTree([${JSON.stringify(root)}], { interesting: /^\\.env$/ })))`,
  )
  expect(JSON.parse(out)).toMatchObject({
    entries: [{ path: `${root}/open/.env` }],
    unreadable: [{ path: `${root}/closed`, code: 'EACCES' }],
  })
})

test('50,000 files in 5,000 directories', () => {
  const root = temporary()
  for (let directory = 0; directory < 5000; directory++) {
    const path = `${root}/${directory % 100}/${directory}`
    mkdirSync(path, { recursive: true })
    for (let file = 0; file < 10; file++) writeFileSync(`${path}/file${file}.ts`, '')
  }
  write(root, { '50/50/.env': 'A=1' })
  const worked = startWork()
  const result = scanTree([root], { interesting })
  const took = worked()
  expect(result).toMatchObject({ files: 50_001, directories: 5101, unreadable: [] })
  expect(result.entries.map(({ name }) => name)).toEqual(['.env'])
  // A tenth of a second where nothing else runs; quadratic behaviour would take minutes.
  expect(took).toBeLessThan(5000)
})
