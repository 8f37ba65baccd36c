import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { compileMatcher } from '../../../src/masks/patterns.ts'
import { scanTree } from '../../../src/masks/scan.ts'
import { buildMasks } from '../../../src/masks/set.ts'
import type { TrackerInput } from '../../../src/masks/tracker.ts'
import type { Policy } from '../../../src/policy/types.ts'
import { watchEarly } from '../../../src/session/early.ts'
import type { SessionEvent } from '../../../src/session/events.ts'
import { makeGuard } from '../../../src/session/guard.ts'
import type { HeldBox } from '../../../src/session/launcher.ts'
import { startLive, type LiveMasks } from '../../../src/session/live.ts'
import type { Prepared } from '../../../src/session/prepare.ts'
import type { Watched } from '../../../src/session/supervise.ts'
import { policyWith } from '../../unit/policy/policies.ts'

const origin = { layer: 'user' } as const

/** Keeps the masks of the driver's box in step with a project, and does what it is asked about that. */
export function livingIn(box: HeldBox): Record<string, (...args: never[]) => unknown> {
  const base = policyWith({})
  const events: SessionEvent[] = []
  const journal = { record: (event: SessionEvent) => void events.push(event) } as Watched['journal']
  let live: LiveMasks
  let on: TrackerInput['on']
  const policyOf = (...patterns: string[]): Policy => ({
    ...base,
    masks: { ...base.masks, patterns: patterns.map((pattern) => ({ value: { pattern }, origin })) },
  })
  return {
    async live(project: string, state: string) {
      events.length = 0
      const { masks: policy } = base
      const rules = { matcher: compileMatcher(policy), policy, project, roots: [project], hidden: [] }
      const scan = scanTree([project], { interesting: rules.matcher.interesting })
      const { masks } = buildMasks({ ...rules, scan })
      const here = { env: {}, facts: { home: '/nowhere' }, dirs: { state }, project: { root: project } }
      const situation = { ...here, policy: base }
      const survey = { rules, scan, masks, hidden: [], grants: [] }
      const none = { repositories: [], absent: [], readonly: [] }
      const prepared = { survey, situation, ...none } as unknown as Prepared
      const guard = makeGuard(
        box,
        journal,
        () => 'continue',
        () => {},
      )
      const watched = { box, prepared, journal, guard, session: { id: '1-2-3' }, running: { policy: base } }
      const early = watchEarly(prepared)
      const listen: typeof early.listen = (listener) => early.listen((on = listener))
      live = startLive(watched as unknown as Watched, { ...early, listen })
      await early.tracker.settled()
    },
    events: () => events,
    restrict: (...patterns: string[]) => live.restrict(policyOf(...patterns)),
    restrictAndClose: async (...patterns: string[]) => {
      const done = live.restrict(policyOf(...patterns))
      live.close()
      await done.catch(() => {})
    },
    rescan: () => live.rescan(),
    restore: () => live.restore(),
    cover: (path: string) => live.cover(path),
    /** As if the kernel had. */
    missed: (...reasons: string[]) => {
      for (const reason of reasons) on.missed(reason)
    },
    closeLive: () => live.close(),
    /** Directories and files that this process watches. */
    watches: () =>
      readdirSync('/proc/self/fd')
        .filter((fd) => isInotify(fd))
        .flatMap((fd) => readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1').match(/^inotify wd/gm) ?? [])
        .length,
  }
}

function isInotify(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:inotify'
  } catch {
    return false
  }
}
