import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { SessionEvent } from '../../../src/session/events.ts'
import type { Bench } from '../launcher/box.ts'
import { identityOf, makeHandBench, openBox, type HandBox } from './box.ts'

let bench: Bench
let box: HandBox
/** The project, in what the box may write. */
let dir: string
let count = 0
beforeAll(async () => {
  bench = makeHandBench()
  mkdirSync(`${bench.dir}/state`)
  box = await openBox(bench, 'user')
})
afterAll(async () => {
  await box.end()
  bench.remove()
})
beforeEach(() => {
  dir = `${++count}`
  box.dir(dir)
})
afterEach(() => box.call('closeLive'))

const at = (name: string): string => `${box.project}/${dir}/${name}`
const put = (...names: string[]): void => {
  for (const name of names) box.file(`${dir}/${name}`)
}
const begin = async (): Promise<void> =>
  expect(await box.call('live', at('.').slice(0, -2), `${bench.dir}/state`)).toBeUndefined()
const seen = (name: string): Promise<string> => box.inside(`cat ${at(name)}`)
/** Whether it becomes true within twenty seconds. */
async function soon(is: () => Promise<boolean>): Promise<boolean> {
  const end = Date.now() + 20_000
  while (!(await is())) if (Date.now() > end) return false
  return true
}
const covered = (name: string): Promise<boolean> => soon(async () => (await seen(name)) === '')
/** What happened to it, by the journal. */
const told = async (name: string): Promise<string[]> =>
  ((await box.call('events')) as SessionEvent[]).flatMap((event) =>
    'path' in event && event.path === at(name) ? ['how' in event ? event.how : event.kind] : [],
  )
const kinds = async (): Promise<string[]> =>
  ((await box.call('events')) as SessionEvent[]).map(({ kind }) => kind)
/** Takes the mask away, as nobody knows. */
async function bare(name: string): Promise<void> {
  const { found } = await box.mask(at(name), { kind: 'empty' }, { dev: '0', ino: '1' })
  expect(await box.call('unmask', at(name), found, identityOf(at(name)))).toMatchObject({ found })
  expect(await seen(name)).toBe('SECRET')
}
/** For a moment and a half: what is revealed is revealed after one. */
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1500))

it('what loses a secret’s name is shown, unless it came back, has another name or is a secret for another reason', async () => {
  await begin()
  put('.env.gone', '.env.back', '.env.other', '.env.led')
  for (const name of ['.env.gone', '.env.back', '.env.other', '.env.led'])
    expect(await covered(name)).toBe(true)
  linkSync(at('.env.other'), at('name'))
  expect(await covered('name')).toBe(true)
  for (const name of ['gone', 'back', 'other', 'led']) renameSync(at(`.env.${name}`), at(name))
  renameSync(at('back'), at('.env.back'))
  symlinkSync('led', at('.env.link'))
  await later()
  expect(await seen('gone')).toBe('SECRET')
  expect(await told('gone')).toEqual(['unmasked'])
  for (const name of ['.env.back', 'other', 'name', 'led'])
    expect([name, await seen(name)]).toEqual([name, ''])
  // With its file a mask is gone; the other names of a file stay covered.
  rmSync(at('.env.back'))
  expect(await soon(async () => (await told('.env.back')).includes('unmasked'))).toBe(true)
  expect(await told('name')).toEqual(['appeared'])
})

it('what nothing covers any more although it is known is covered by each look at everything', async () => {
  put('.env')
  await begin()
  await box.call('rescan')
  expect(await seen('.env')).toBe('')
  await bare('.env')
  expect(await box.call('rescan')).toEqual([at('.env')])
  expect(await box.call('rescan')).toEqual([])
  await bare('.env')
  await box.call('restore')
  expect(await seen('.env')).toBe('')
  await bare('.env')
  linkSync(at('.env'), at('name'))
  expect(await covered('name')).toBe(true)
  await bare('name')
  await box.call('restrict', 'notes')
  expect([await seen('.env'), await seen('name')]).toEqual(['', ''])
  expect(await told('.env')).toEqual(['replaced', 'replaced', 'replaced', 'replaced'])
})

it('a stricter policy holds when that is said, and for what comes later; the watch of before has ended', async () => {
  put('notes', 'plain')
  await begin()
  const watches = await box.call('watches')
  await box.call('restrict', 'notes*')
  expect([await seen('notes'), await seen('plain')]).toEqual(['', 'SECRET'])
  put('notes2')
  expect(await covered('notes2')).toBe(true)
  expect([await told('notes'), await told('notes2')]).toEqual([['policy'], ['appeared']])
  expect(await soon(async () => (await box.call('watches')) === watches)).toBe(true)
  await box.call('restrictAndClose', 'notes*', 'plain')
  expect(await soon(async () => (await box.call('watches')) === 0)).toBe(true)
  await box.call('restrict', 'too late')
  expect(await soon(async () => (await box.call('watches')) === 0)).toBe(true)
  await box.call('missed', 'afterwards')
  expect(await kinds()).not.toContain('degraded')
})

it('what was lost is had back once for all that was lost meanwhile, and again later', async () => {
  put('.env')
  await begin()
  await box.call('rescan')
  await bare('.env')
  await box.call('missed', 'first', 'second', 'third')
  const restored = (count: number): Promise<boolean> =>
    soon(async () => (await kinds()).filter((kind) => kind === 'restored').length === count)
  expect(await restored(2)).toBe(true)
  expect(await seen('.env')).toBe('')
  // The pause after a look at everything.
  await new Promise((resolve) => setTimeout(resolve, 400))
  await box.call('missed', 'fourth')
  expect(await restored(3)).toBe(true)
  const reasons = ((await box.call('events')) as SessionEvent[]).flatMap((event) =>
    event.kind === 'degraded' ? [event.reason.replaceAll(/.*\(|\)/g, '')] : [],
  )
  expect(reasons).toEqual(['first', 'third', 'fourth'])
})

it('what is asked to be covered is, if it is there under a secret’s name', async () => {
  put('plain')
  await begin()
  expect(await box.call('cover', at('plain'))).toBe(false)
  expect(await box.call('cover', at('.env'))).toBe(false)
  put('.env')
  expect(await box.call('cover', at('.env'))).toBe(true)
  expect([await seen('.env'), await seen('plain')]).toEqual(['', 'SECRET'])
  await bare('.env')
  expect(await box.call('cover', at('.env'))).toBe(true)
  expect(await told('.env')).toEqual(['appeared', 'replaced'])
})

it.each(['the hand', 'another hand'])(
  '%s knows what to expect while this process does something else',
  async (which) => {
    put('.env.old')
    // As at a launch.
    await box.mask(at('.env.old'))
    await begin()
    put('.env.new')
    expect(await covered('.env.new')).toBe(true)
    if (which === 'another hand') {
      process.kill(box.joiner(), 'SIGKILL')
      await box.call('lost')
      // What cannot be masked meanwhile is the hand's loss, which is told of elsewhere.
      put('.env.meanwhile')
      await box.call('rejoin')
      await box.call('restore')
      expect([await seen('.env.meanwhile'), await kinds()]).toEqual([
        '',
        expect.not.arrayContaining(['degraded']),
      ])
    }
    await box.mask('/nothing', { kind: 'empty' }, identityOf('/'))
    const busy = box.call('block', 2000)
    for (const name of ['.env.old', '.env.new']) {
      put('new')
      renameSync(at('new'), at(name))
    }
    const end = Date.now() + 1000
    const both = async (): Promise<string> => (await seen('.env.old')) + (await seen('.env.new'))
    while ((await both()) !== '' && Date.now() < end) continue
    expect(await both()).toBe('')
    await busy
  },
)
