import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nameOf } from '../../../src/host/paths.ts'
import { eventually } from '../../support/spawn.ts'
import type { Who } from '../../support/who.ts'
import type { Bench } from '../launcher/box.ts'
import { identityOf, makeHandBench, mountsOf, openBox, type HandBox } from './box.ts'

let bench: Bench
beforeAll(() => {
  bench = makeHandBench()
})
afterAll(() => bench.remove())

const FILE = { directory: false, deny: false }

describe.each<Who>(['user', 'root'])('what the hand expects, as %s', (who) => {
  let box: HandBox
  beforeAll(async () => {
    box = await openBox(bench, who)
  })
  afterAll(() => box.end())
  const covered = (path: string, mounts = 1): Promise<boolean> =>
    eventually(() => mountsOf(box.pid, path).length === mounts, 20_000)
  /** Resolves when the hand has it: that has no answer, but what is asked for after it has. */
  const expected = async (path: string, as = FILE): Promise<void> => {
    await box.call('again', path, as)
    expect(await box.call('mask', '/nothing', { kind: 'empty' }, identityOf('/'))).toHaveProperty('error')
  }
  const replaced = (name: string): string => {
    box.file('new')
    renameSync(join(box.project, 'new'), join(box.project, name))
    return join(box.project, name)
  }

  it('is covered without being asked for, as often as it appears', async () => {
    const path = join(box.project, '.env')
    await expected(path)
    for (let round = 0; round < 3; round++) {
      replaced('.env')
      expect(await covered(path)).toBe(true)
    }
    unlinkSync(path)
    box.file('.env')
    expect(await covered(path)).toBe(true)
    expect(await box.inside('cat .env; stat -c %F .env')).toBe('regular empty file')
  })

  it('is found done when it is asked for, once', async () => {
    const path = join(box.project, '.env.asked')
    await expected(path)
    replaced('.env.asked')
    expect(await covered(path)).toBe(true)
    expect(await box.mask(path)).not.toHaveProperty('error')
    expect(await box.mask(path)).toMatchObject({ error: 'EEXIST' })
    expect(mountsOf(box.pid, path)).toHaveLength(1)
  })

  it('gets its text on top, and goes with it', async () => {
    const path = join(box.project, '.env.shown')
    await expected(path)
    replaced('.env.shown')
    expect(await covered(path)).toBe(true)
    const { error, found } = await box.mask(path, { kind: 'text', text: 'KEY=' })
    expect(error).toBeUndefined()
    expect(await box.inside('cat .env.shown')).toBe('KEY=')
    expect(await box.call('unmask', path, found, identityOf(path))).not.toHaveProperty('error')
    expect(mountsOf(box.pid, path)).toEqual([])
    expect(await box.inside('cat .env.shown')).toBe('SECRET')
  })

  it('is refused to whoever may not open it, and is a directory where one is expected', async () => {
    const [denied, dir] = [join(box.project, 'denied'), join(box.project, 'secrets')]
    await expected(denied, { directory: false, deny: true })
    await expected(dir, { directory: true, deny: false })
    replaced('denied')
    mkdirSync(dir)
    writeFileSync(join(dir, 'key'), 'SECRET')
    expect((await covered(denied)) && (await covered(dir))).toBe(true)
    expect(await box.inside('cat denied secrets/key')).toMatch(/denied: Permission[^]*key: No such file/)
    expect(await box.mask(dir)).not.toHaveProperty('error')
    expect(mountsOf(box.pid, dir)).toHaveLength(1)
  })

  it('is not a directory in place of a file, nor what a link leads to', async () => {
    const names = ['kind', 'link', 'last'].map((name) => join(box.project, name))
    for (const path of names) await expected(path)
    mkdirSync(names[0]!)
    symlinkSync('target', names[1]!)
    box.file('target', 'not secret')
    // In the order of the events.
    replaced('last')
    expect(await covered(names[2]!)).toBe(true)
    expect(mountsOf(box.pid, names[0]!)).toEqual([])
    expect(await box.inside('cat link')).toBe('not secret')
  })

  it('is looked for anew when its directory is another one, never through a link', async () => {
    const path = join(box.dir('deep'), '.env')
    await expected(path)
    renameSync(join(box.project, 'deep'), join(box.project, 'elsewhere'))
    symlinkSync('elsewhere', join(box.project, 'deep'))
    box.file('elsewhere/.env', 'not expected')
    box.dir('another')
    await expected(join(box.project, 'another/.env'))
    box.file('another/.env')
    expect(await covered(join(box.project, 'another/.env'))).toBe(true)
    expect(await box.inside('cat deep/.env')).toBe('not expected')
    rmSync(join(box.project, 'deep'))
    box.dir('deep')
    await expected(path)
    box.file('deep/.env')
    expect(await covered(path)).toBe(true)
  })

  it('does not hold for what an earlier request was about', async () => {
    const path = join(box.project, '.env.old')
    await expected(path)
    replaced('.env.old')
    const before = identityOf(path)
    expect(await covered(path)).toBe(true)
    replaced('.env.old')
    expect(await covered(path)).toBe(true)
    expect(await box.mask(path, { kind: 'empty' }, before)).toMatchObject({ error: 'EEXIST' })
    expect(await box.mask(path)).not.toHaveProperty('error')
  })
})

it('the hand expects no more names than it has room for, and the others all the same', async () => {
  const box = await openBox(bench, 'user')
  const names = Array.from({ length: 257 }, (_, number) => join(box.project, `name-${number}`))
  for (const path of names) await box.call('again', path, FILE)
  // In the order of the events.
  for (const path of [names.at(-1)!, names[0]!, names.at(-2)!]) box.file(nameOf(path))
  expect(await eventually(() => mountsOf(box.pid, names.at(-2)!).length === 1, 20_000)).toBe(true)
  expect([names[0]!, names.at(-1)!].map((path) => mountsOf(box.pid, path).length)).toEqual([1, 0])
  await box.end()
})
