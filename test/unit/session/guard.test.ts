import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionEvent } from '../../../src/session/events.ts'
import { makeGuard, type Guard, type OnFailure } from '../../../src/session/guard.ts'
import type { Journal } from '../../../src/session/journal.ts'
import type { HeldBox } from '../../../src/session/launcher.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

interface Seen {
  guard: Guard
  box: HeldBox
  /** What was done with the box, and told at once. */
  done: string[]
  events: SessionEvent[]
}

function watched(onFailure: OnFailure): Seen {
  const done: string[] = []
  const events: SessionEvent[] = []
  const act = (what: string) => (): void => void done.push(what)
  const box = {
    freeze: () => new Promise<void>(() => act('freeze')()),
    thaw: act('thaw'),
    end: act('end'),
    freezeForGood: act('freeze for good'),
  } as unknown as HeldBox
  const journal = { record: (event: SessionEvent) => void events.push(event) } as unknown as Journal
  return {
    box,
    guard: makeGuard(
      box,
      journal,
      () => onFailure,
      () => done.push('warn'),
    ),
    done,
    events,
  }
}

const after = (time: number) => (): Promise<void> => new Promise((resolve) => setTimeout(resolve, time))
const fails = (): Promise<void> => Promise.reject(new Error('no room'))

describe.each<[string, () => Promise<void>, Record<OnFailure, string[]>]>([
  ['at once', after(0), { stop: [], freeze: [], continue: [] }],
  ['within a second', after(900), { stop: [], freeze: [], continue: [] }],
  [
    'within the time that a box may stand still',
    after(5000),
    { stop: ['freeze', 'thaw'], freeze: ['freeze', 'thaw'], continue: ['without'] },
  ],
  [
    'much too late',
    after(60_000),
    { stop: ['freeze', 'end'], freeze: ['freeze', 'freeze for good', 'warn'], continue: ['without'] },
  ],
  [
    'never, since it fails',
    fails,
    { stop: ['end'], freeze: ['freeze for good', 'warn'], continue: ['without'] },
  ],
])('a protection that is back %s', (_when, restore, expected) => {
  it.each(['stop', 'freeze', 'continue'] as const)('under %s', async (onFailure) => {
    const { guard, done, events } = watched(onFailure)
    const over = guard.lost('watch', 'events were lost', restore)
    await vi.advanceTimersByTimeAsync(70_000)
    await over
    const without = expected[onFailure].includes('without')
    expect(done).toEqual(without ? [] : expected[onFailure])
    const isBack = !without && !expected[onFailure].some((one) => one === 'end' || one === 'warn')
    expect(events.map(({ kind }) => kind)).toEqual(['degraded', isBack ? 'restored' : 'stopped'])
    expect(guard.verdicts).toHaveLength(isBack ? 0 : 1)
  })
})

it.each(['before', 'meanwhile'])(
  'a protection that ends with its box is none that is lost: %s',
  async (when) => {
    const { guard, done, events, box } = watched('stop')
    if (when === 'before') box.ended = true
    const over = guard.lost('masks', 'the helper in the box is gone', () => {
      box.ended = true
      return fails()
    })
    await vi.advanceTimersByTimeAsync(70_000)
    await over
    expect([done, guard.verdicts]).toEqual([[], []])
    expect(events.map(({ kind }) => kind)).toEqual(when === 'before' ? [] : ['degraded'])
  },
)

it('nothing in the box runs on for more than a second meanwhile', async () => {
  const { guard, done } = watched('stop')
  const over = guard.lost('watch', 'events were lost', after(5000))
  await vi.advanceTimersByTimeAsync(999)
  expect(done).toEqual([])
  await vi.advanceTimersByTimeAsync(2)
  expect(done).toEqual(['freeze'])
  await vi.advanceTimersByTimeAsync(5000)
  await over
})

it('is told of each time where the box goes on without it', async () => {
  const { guard, done, events } = watched('continue')
  for (const part of ['masks', 'watch']) await guard.lost(part, 'it is gone', fails)
  expect([done, guard.verdicts.length]).toEqual([[], 2])
  expect(events.map(({ kind }) => kind)).toEqual(['degraded', 'stopped', 'degraded', 'stopped'])
})

it('keeps nobody waiting when it is back', async () => {
  const { guard } = watched('stop')
  await guard.lost('masks', 'it is gone', () => Promise.resolve())
  expect(vi.getTimerCount()).toBe(0)
})

it('is told of once when it is the end', async () => {
  const { guard, done, events } = watched('freeze')
  for (const part of ['masks', 'watch']) await guard.lost(part, 'it is gone', fails)
  expect(done).toEqual(['freeze for good', 'warn'])
  expect(events.map(({ kind }) => kind)).toEqual(['degraded', 'stopped'])
})
