import { readFileSync } from 'node:fs'
import { milliseconds } from '../../host/clock.ts'

/**
 * Notices that the kernel may have dropped events. Its queue holds `max_queued_events`; when it is full,
 * one IN_Q_OVERFLOW stands for everything that was lost, and libuv drops that one without a word. But
 * libuv empties the queue in one go, without returning to the event loop in between, and hands us every
 * event: so an overflow is always seen as at least that many events in one turn of the loop. Half of it
 * counts already, since events of watches that have just been closed are not handed to us.
 *
 * libuv also goes on for as long as there are events, so a process that makes them in a loop would keep everything
 * else from its turn for ever. When a turn is full, whoever has watches closes them, opens them again after a `REST`,
 * and then looks at everything; it takes all of them, for two watches of one directory are one to the kernel.
 */
export interface Turns {
  /** To be called for each raw event. Returns the number of this turn. */
  count(): number
  /** So many events in this turn, or for so long, that it counts as an overflow already. */
  full(): boolean
  /** Calls back after each such turn, until the returned function is called. */
  onFull(listener: (events: number) => void): () => void
}

/** Milliseconds. */
export const REST = 100

/**
 * A watch that rests in this way. `open` is given what to call for each raw event; undefined if it cannot be
 * opened now. `onOpened`: it is open again, and nobody has heard of what was meanwhile.
 */
export function restingWatch(
  open: (heard: () => void) => { close(): void } | undefined,
  onOpened: () => void,
  turns: Turns,
): { close(): void } {
  let timer: NodeJS.Timeout | undefined
  let watch: ReturnType<typeof open>
  const close = (): void => {
    clearTimeout(timer)
    watch?.close()
    watch = undefined
  }
  const heard = (): void => {
    turns.count()
    if (watch === undefined || !turns.full()) return
    close()
    timer = setTimeout(() => {
      watch = open(heard)
      onOpened()
    }, REST).unref()
  }
  watch = open(heard)
  return { close }
}

/** Milliseconds, also of the processor: a machine that does much else makes no turn long. */
const LONG = 250

let ofProcess: Turns | undefined

/** Of this process: all watches of it share one queue. */
export function eventTurns(): Turns {
  return (ofProcess ??= countTurns(overflowLimit()))
}

function countTurns(limit: number): Turns {
  let [turn, events, began, used] = [0, 0, 0, 0]
  let over = false
  const listeners = new Set<(events: number) => void>()
  const end = (): void => {
    const seen = events
    const lost = over || events >= limit
    events = 0
    over = false
    if (lost) for (const tell of listeners) tell(seen)
  }
  return {
    count() {
      if (events++ === 0) {
        turn++
        began = milliseconds()
        used = processorTime()
        setImmediate(end)
      }
      return turn
    },
    full() {
      over ||= events >= limit || (milliseconds() - began > LONG && processorTime() - used > LONG)
      return over
    },
    onFull(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** Events in one turn of the loop from which on some may have been lost. */
export function overflowLimit(): number {
  const FALLBACK = 16_384
  try {
    const queue = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'latin1'))
    return Math.max(1, Math.floor((queue > 0 ? queue : FALLBACK) / 2))
  } catch {
    return FALLBACK / 2
  }
}

/** Milliseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}
