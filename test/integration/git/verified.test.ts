import { copyFileSync, chmodSync, symlinkSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { committedAt } from '../../../src/git/verified.ts'
import { makeRepo, type Repo } from './repo.ts'

let repo: Repo
let commit: string
beforeEach(() => {
  repo = makeRepo()
  repo.write('a/b/c', 'C\n')
  repo.write('a/run', '#!/bin/sh\n', 0o755)
  repo.write('evil/b/c', 'EVIL\n')
  symlinkSync('run', `${repo.root}/a/link`)
  commit = repo.commit('one')
})
afterEach(() => repo.remove())

const oid = (what: string): string => repo.git('rev-parse', `${commit}:${what}`).trim()
const at = async (path: string) => {
  const files = await committedAt({ cwd: repo.root }, commit, path)
  return files === undefined ? undefined : [...files].map(([name, { mode, oid }]) => [name, mode, oid])
}
const objectFile = (name: string): string => `${repo.root}/.git/objects/${name.slice(0, 2)}/${name.slice(2)}`

it('a file, a directory, nothing', async () => {
  expect(await at('a/b/c')).toEqual([['', '100644', oid('a/b/c')]])
  expect((await at('a'))?.toSorted()).toEqual([
    ['/b/c', '100644', oid('a/b/c')],
    ['/link', '120000', oid('a/link')],
    ['/run', '100755', oid('a/run')],
  ])
  for (const path of ['x', 'a/x', 'a/run/x', 'a/b/c/d']) expect(await at(path)).toEqual([])
  expect(await committedAt({ cwd: repo.root }, 'a'.repeat(40), 'a')).toBeUndefined()
  expect(await committedAt({ cwd: repo.root }, oid('a'), 'a')).toBeUndefined()
})

it('objects of sha256 too', async () => {
  const other = makeRepo({ init: ['--object-format=sha256'] })
  other.write('a/b', 'B\n')
  const now = other.commit('one')
  const files = await committedAt({ cwd: other.root }, now, 'a')
  expect([...files!.keys()]).toEqual(['/b'])
  other.remove()
})

it('nothing is believed that is not what it is called: another object in its place', async () => {
  const file = objectFile(oid('a/b'))
  chmodSync(file, 0o644)
  copyFileSync(objectFile(oid('evil/b')), file)
  expect(await at('a/b/c')).toBeUndefined()
  expect(await at('a')).toBeUndefined()
  expect(await at('evil/b/c')).toEqual([['', '100644', oid('evil/b/c')]])
})

it('nor another one by a replacing ref', async () => {
  const before = await at('a/b/c')
  repo.git('replace', oid('a/b'), oid('evil/b'))
  expect(await at('a/b/c')).toEqual(before)
})
