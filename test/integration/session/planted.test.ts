import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { identityOf } from '../../../src/session/placing.ts'
import { watchPlanted, type Planted } from '../../../src/session/planted.ts'
import type { Watched } from '../../../src/session/supervise.ts'
import { eventually } from '../../support/spawn.ts'
import { temporary } from '../masks/tree.ts'

let root: string
let planted: Planted
let events: string[]
/** What the hand does, and answers, when it is asked to make a path read-only. */
let protect: (path: string) => { error?: string; found?: { dev: string; ino: string } }

const put = (name: string, text = 'evil'): string => {
  mkdirSync(`${root}/${name}`.replace(/\/[^/]*$/, ''), { recursive: true })
  writeFileSync(`${root}/${name}`, text)
  return `${root}/${name}`
}

/** The clock that files are stamped with is a coarse one. */
async function later(): Promise<void> {
  const moment = Date.now() + 30
  await eventually(() => Date.now() > moment)
}

function watch(standing: string[] = [], grants: object[] = []): void {
  const [path, state] = [`${root}/project`, `${root}/state`]
  const entries = standing.map((one) => ({ path: one, kind: 'file' }))
  const survey = { scan: { entries }, grants, masks: [], hidden: [] }
  const watched = {
    box: {
      inside: { joined: Promise.resolve('7'), protect: (one: string) => Promise.resolve(protect(one)) },
    },
    prepared: {
      survey,
      repositories: [],
      readonly: [],
      absent: [],
      situation: {
        env: {},
        facts: { home: path },
        dirs: { state },
        project: { root: path, repository: undefined },
      },
    },
    session: { id: '1-2-3' },
    running: { policy: { protect: { absent: { value: 'quarantine' } } } },
    guard: { lost: (part: string) => void events.push(`lost ${part}`) },
    journal: { record: (event: { kind: string; path?: string }) => void events.push(text(event)) },
  }
  planted = watchPlanted(watched as unknown as Watched)
}

const text = ({ kind, path = '' }: { kind: string; path?: string }): string =>
  `${kind} ${path.slice(root.length + 1)}`

beforeEach(() => {
  root = temporary()
  mkdirSync(`${root}/project`)
  mkdirSync(`${root}/state`, { mode: 0o700 })
  events = []
  protect = () => ({})
})
afterEach(() => planted.close())

describe('what the first walk meets', () => {
  it('is the host’s if it is older than the box, and the agent’s if not', async () => {
    const old = put('project/.envrc', 'export A=1')
    await later()
    watch()
    const fresh = put('project/sub/.envrc')
    for (const path of [old, fresh]) planted.look(path, 'listed')
    expect(events).toEqual(['quarantined project/sub/.envrc'])
    planted.ready()
    planted.look(old, 'listed')
    expect(events).toEqual(['quarantined project/sub/.envrc', 'quarantined project/.envrc'])
  })
})

describe('what stood there before', () => {
  it('is another thing when it was away for long', async () => {
    const path = put('project/.envrc')
    watch([path])
    rmSync(path)
    planted.look(path, 'entry')
    put('project/.envrc')
    planted.look(path, 'entry')
    expect(events).toEqual([])
    rmSync(path)
    planted.look(path, 'entry')
    const began = Date.now()
    await eventually(() => Date.now() - began > 1100)
    put('project/.envrc')
    planted.look(path, 'entry')
    expect(events).toEqual(['quarantined project/.envrc'])
  })

  it('is made read-only again when the host has replaced it, and told of where that fails', async () => {
    const path = put('project/.envrc')
    watch([path])
    const asked: string[] = []
    protect = (one) => (asked.push(one), { error: 'EPERM' })
    planted.look(path, 'content')
    planted.look(path, 'listed')
    expect(asked).toEqual([])
    planted.look(path, 'entry')
    expect(await eventually(() => events.length > 0)).toBe(true)
    expect([asked, events]).toEqual([[path], ['reported project/.envrc']])
  })
})

describe('a repository without a .git', () => {
  const repository = (): string[] =>
    ['HEAD', 'config', 'objects/x', 'refs/x'].map((name) => put(`project/bare/${name}`, ''))

  it('that was there gets nothing more that steers git', () => {
    watch(repository())
    for (const name of ['description', 'HEAD', 'config']) planted.look(put(`project/bare/${name}`), 'listed')
    expect(events).toEqual([])
    for (const name of ['commondir', 'config.worktree', 'hooks'])
      planted.look(put(`project/bare/${name}`), 'entry')
    const taken = ['commondir', 'config.worktree', 'hooks'].map((name) => `quarantined project/bare/${name}`)
    expect(events).toEqual(taken)
  })

  it('that is made loses its HEAD, whichever part comes last', () => {
    watch()
    const paths = repository()
    planted.look(
      paths.find((path) => path.endsWith('config'))!,
      'entry',
    )
    expect(events).toEqual(['quarantined project/bare/HEAD'])
  })
})

describe('what the user puts there', () => {
  it('stays, once it is read-only in the box', async () => {
    watch()
    const path = put('project/.envrc', 'mine')
    planted.expect(path, identityOf(path))
    planted.look(path, 'entry')
    await later()
    planted.look(path, 'listed')
    expect(events).toEqual([])
  })

  it.each<[string, (path: string) => ReturnType<typeof protect>]>([
    [
      'exchanged before it is read-only',
      (path) => {
        renameSync(put('project/other'), path)
        return {}
      },
    ],
    ['not made read-only', () => ({ error: 'EIO' })],
    ['hidden by something else than a mask', () => ({ error: 'EEXIST', found: { dev: '8', ino: '1' } })],
  ])('does not if it is %s', async (_what, hand) => {
    watch()
    const path = put('project/.envrc', 'mine')
    planted.expect(path, identityOf(path))
    protect = hand
    planted.look(path, 'entry')
    expect(await eventually(() => events.length > 0)).toBe(true)
    expect(events).toEqual(['quarantined project/.envrc'])
  })

  it('is what was announced', () => {
    watch()
    planted.expect(`${root}/project/.envrc`, identityOf(put('project/other')))
    planted.look(put('project/.envrc'), 'entry')
    expect(events).toEqual(['quarantined project/.envrc'])
  })
})

describe('where the box may write', () => {
  it('is what may be moved away, and nothing else', () => {
    const grant = (path: string, access: string) => ({ path: `${root}/${path}`, access })
    watch([], [grant('shared', 'rw'), grant('docs', 'ro')])
    for (const name of ['shared/.envrc', 'docs/.envrc', 'elsewhere/.envrc']) planted.look(put(name), 'entry')
    expect(events).toEqual(['quarantined shared/.envrc'])
    expect(readFileSync(`${root}/docs/.envrc`, 'utf8')).toBe('evil')
  })
})

it('who plants without end is not gone after without end', () => {
  watch()
  for (let number = 0; number < 501; number++) planted.look(put(`project/d${number}/.envrc`), 'entry')
  expect(events.filter((one) => one.startsWith('lost'))).toEqual(['lost quarantine'])
})
