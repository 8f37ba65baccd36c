import type { MaskDelta } from '../masks/live-set.ts'
import { storeMasks } from '../masks/stored.ts'
import { trackMasks } from '../masks/tracker.ts'
import type { Mask } from '../masks/types.ts'
import type { Situation } from './situation.ts'
import { surveyFiles } from './survey.ts'

/** What `agentbox watch` tells, as it happens. */
export type WatchEvent =
  | { kind: 'ready'; project: string; masks: number; directories: number; polled: number }
  | { kind: 'masked' | 'unmasked' | 'redacted'; path: string; pattern: string }
  | { kind: 'degraded'; reason: string }

/** Milliseconds between two looks at everything. */
const BREATH = 250

/**
 * Watches the project without a box and keeps the stored list of its masks in step, until the returned
 * function is called. Sessions do the same for themselves; this is for the time between them.
 */
export function watchProject(situation: Situation, tell: (event: WatchEvent) => void): () => void {
  const { dirs, project } = situation
  const survey = surveyFiles(situation)
  const store = (masks: ReadonlyMap<string, Mask>): void => {
    try {
      storeMasks(dirs.state, project.root, [...masks.values()])
    } catch (error) {
      tell({ kind: 'degraded', reason: `the list cannot be written: ${(error as Error).message}` })
    }
  }
  let rescan: NodeJS.Timeout | undefined
  const lookAgain = (reason: string): void => {
    tell({ kind: 'degraded', reason })
    rescan ??= setTimeout(() => {
      rescan = undefined
      // What fails is told by `failed`.
      tracker.rescan().catch(() => {})
    }, BREATH)
  }
  const tracker = trackMasks(
    {
      masks: survey.rules,
      on: {
        urgent: () => {},
        changed(delta, masks) {
          // Whoever has been told may look at the list.
          store(masks)
          tellDelta(delta, tell)
        },
        other: () => {},
        plain: () => {},
        missed: (reason) => lookAgain(`the kernel dropped events (${reason})`),
        degraded: (reason, count) => tell({ kind: 'degraded', reason: `${reason}; ${count} are polled` }),
        lost: (root) => tell({ kind: 'degraded', reason: `${root} was moved or removed` }),
        failed: (error) => tell({ kind: 'degraded', reason: error instanceof Error ? error.message : '' }),
      },
    },
    survey.masks,
  )
  const ready = async (): Promise<void> => {
    await tracker.settled()
    store(tracker.masks())
    tell({ kind: 'ready', project: project.root, masks: tracker.masks().size, ...tracker.counts() })
  }
  ready().catch(() => {})
  return () => {
    clearTimeout(rescan)
    tracker.close()
  }
}

function tellDelta(delta: MaskDelta, tell: (event: WatchEvent) => void): void {
  const each = (kind: 'masked' | 'unmasked' | 'redacted', masks: readonly Mask[]): void => {
    for (const { path, reason } of masks) tell({ kind, path, pattern: reason.pattern })
  }
  each('masked', delta.added)
  each('redacted', delta.changed)
  each('unmasked', delta.removed)
}
