import { expect, it, vi } from 'vitest'
import type { TrackerInput } from '../../../src/masks/tracker.ts'
import type { EarlyWatch } from '../../../src/session/early.ts'
import { startLive } from '../../../src/session/live.ts'
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
vi.mock('../../../src/session/planted.ts', () => ({ watchPlanted: () => ({ close: () => {} }) }))

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
