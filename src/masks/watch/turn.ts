import { readFileSync } from 'node:fs'

/**
 * Notices that the kernel may have dropped events. Its queue holds `max_queued_events`; when it is full,
 * one IN_Q_OVERFLOW stands for everything that was lost, and libuv drops that one without a word. But
 * libuv empties the queue in one go, without returning to the event loop in between, and hands us every
 * event: so an overflow is always seen as at least that many events in one turn of the loop. Half of it
 * counts already, since events of watches that have just been closed are not handed to us.
 */
export interface Turns {
  /** To be called for each raw event. Returns the number of this turn. */
  count(): number
  /** So many events in this turn that it counts as an overflow already. */
  full(): boolean
}

export function countTurns(limit: number, onPossibleOverflow: (events: number) => void): Turns {
  let [turn, events] = [0, 0]
  const end = (): void => {
    const seen = events
    events = 0
    if (seen >= limit) onPossibleOverflow(seen)
  }
  return {
    count() {
      if (events++ === 0) {
        turn++
        setImmediate(end)
      }
      return turn
    },
    full: () => events >= limit,
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
