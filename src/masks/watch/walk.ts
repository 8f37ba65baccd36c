import { milliseconds } from '../../host/clock.ts'

/** Milliseconds after which other work gets its turn; an agent waits for some of it to start. */
const SLICE = 1

/** Work in small slices, so that events, masks and the network are served in between. */
export interface Walk<T> {
  /** Behind everything that waits, or before it. */
  push(item: T, first?: boolean): void
  /** Resolves when nothing waits. */
  idle(): Promise<void>
  close(): void
}

export function slicedWalk<T>(visit: (item: T) => void): Walk<T> {
  let queue: T[] = []
  let at = 0
  let first: T[] = []
  let [scheduled, closed] = [false, false]
  let waiting: (() => void)[] = []
  const rest = (): boolean => first.length > 0 || at < queue.length
  const next = (): T => first.pop() ?? queue[at++]!
  const finish = (): void => {
    queue = []
    at = 0
    const tell = waiting
    waiting = []
    for (const resolve of tell) resolve()
  }
  const slice = (): void => {
    scheduled = false
    const end = milliseconds() + SLICE
    while (rest()) {
      visit(next())
      if (milliseconds() >= end) break
    }
    if (rest()) schedule()
    else finish()
  }
  const schedule = (): void => {
    if (scheduled || closed) return
    scheduled = true
    setImmediate(slice)
  }
  return {
    push(item, before = false) {
      if (closed) return
      if (before) first.push(item)
      else queue.push(item)
      schedule()
    },
    idle: () => new Promise((resolve) => (rest() || scheduled ? waiting.push(resolve) : resolve())),
    close() {
      closed = true
      first = []
      finish()
    },
  }
}
