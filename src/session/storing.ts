import type { Mask } from '../masks/types.ts'

/** Milliseconds: a burst of changes is written once. */
const DELAY = 500

/** Keeps the stored list of a project's masks in step, some time after each change. */
export interface StoreLater {
  (masks: ReadonlyMap<string, Mask>): void
  close(): void
}

export function storeLater(state: string, project: string): StoreLater {
  let timer: NodeJS.Timeout | undefined
  let last: ReadonlyMap<string, Mask> | undefined
  const write = async (): Promise<void> => {
    timer = undefined
    const masks = last
    if (masks === undefined) return
    const { storeMasks } = await import('../masks/stored.ts')
    storeMasks(state, project, [...masks.values()])
  }
  const later = (masks: ReadonlyMap<string, Mask>): void => {
    if (masks === last) return
    last = masks
    // A full disk must not disturb the session: the list is then stale, and says so.
    timer ??= setTimeout(() => void write().catch(() => {}), DELAY).unref()
  }
  return Object.assign(later, { close: () => clearTimeout(timer) })
}
