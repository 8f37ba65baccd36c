import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, it, vi } from 'vitest'
import { startTimeOf } from '../../../src/host/processes.ts'
import type { TrackerInput } from '../../../src/masks/tracker.ts'
import type { EarlyWatch } from '../../../src/session/early.ts'
import { startLive } from '../../../src/session/live.ts'
import { registerSession } from '../../../src/session/registry.ts'
import type { Watched } from '../../../src/session/supervise.ts'

/** Who listens to the tracker, and how its look at everything is ended. */
const tracker = { on: undefined as TrackerInput['on'] | undefined, finish: () => {} }

const early = {
  rules: { project: '/nowhere', matcher: { match: () => undefined } },
  tracker: {
    masks: () => new Map(),
    settled: () => new Promise(() => {}),
    rescan: () => new Promise<void>((resolve) => (tracker.finish = resolve)),
    counts: () => ({ directories: 0, polled: 0 }),
    close: () => {},
  },
  listen: (on: TrackerInput['on']) => void (tracker.on = on),
} as unknown as EarlyWatch
vi.mock('../../../src/session/planted.ts', () => ({
  watchPlanted: () => ({ close: () => {}, ready: () => {} }),
}))

it.each([
  ['lost events', (on: TrackerInput['on']) => on.missed('9000 at once')],
  ['directories without a watch', (on: TrackerInput['on']) => on.degraded('the limit is reached', 3)],
])('%s: protection is back when everything has been looked at, not before', async (_what, happen) => {
  let restore = (): Promise<void> => Promise.reject(new Error('nothing was told'))
  const watched = {
    box: { ended: false, inside: { again: () => {} } },
    guard: {
      lost: (_part: string, _reason: string, work: typeof restore) => {
        restore = work
        return new Promise(() => {})
      },
    },
    journal: { record: () => {} },
    prepared: {
      survey: { masks: [], hidden: [], rules: { project: '/nowhere', matcher: { match: () => undefined } } },
      situation: { dirs: { state: '/nowhere' }, project: { root: '/nowhere' } },
    },
  } as unknown as Watched
  const live = startLive(watched, early)
  happen(tracker.on!)
  let over = false
  const done = restore().then(() => (over = true))
  await new Promise((resolve) => setTimeout(resolve, 350))
  expect(over).toBe(false)
  tracker.finish()
  await done
  live.close()
})

it.each([
  ['alone', 1, []],
  ['beside another session', 2, ['/nowhere/.env']],
])(
  '%s: what was masked at the launch is asked for again when all is watched',
  async (_what, count, asked) => {
    const state = realpathSync(mkdtempSync(`${tmpdir()}/agentbox-live-`))
    try {
      mkdirSync(`${state}/nowhere`)
      writeFileSync(`${state}/nowhere/.env`, '')
      for (let number = 0; number < count; number++) {
        const id = `${process.pid}-${startTimeOf(process.pid)}-${number}`
        mkdirSync(`${state}/sessions/${id}`, { recursive: true })
        const about = {
          version: 1,
          id,
          pid: process.pid,
          began: 0,
          project: '/nowhere',
          agent: 'a',
          command: [],
          network: 'none',
        }
        registerSession(`${state}/sessions/${id}`, about as unknown as Parameters<typeof registerSession>[1])
      }
      const path = `${state}/nowhere/.env`
      const mask = { path, entry: 'file', look: { kind: 'empty' }, reason: { pattern: '.env', by: 'name' } }
      const seen: string[] = []
      let begun = (): void => {}
      const began = new Promise<void>((resolve) => (begun = resolve))
      const inside = {
        again: () => begun(),
        mask: (where: string) => {
          seen.push(where.slice(state.length))
          return Promise.resolve({ found: { dev: '1', ino: '1' }, token: 0, emptied: false })
        },
      }
      const survey = { masks: [mask], hidden: [], rules: early.rules }
      const watched = {
        box: { ended: false, inside },
        journal: { record: () => {} },
        prepared: { survey, situation: { dirs: { state }, project: { root: '/nowhere' } } },
      } as unknown as Watched
      const live = startLive(watched, {
        ...early,
        tracker: { ...early.tracker, masks: () => new Map([[path, mask]]), settled: () => Promise.resolve() },
      } as unknown as EarlyWatch)
      await began
      expect(seen).toEqual(asked)
      live.close()
    } finally {
      rmSync(state, { recursive: true })
    }
  },
)
