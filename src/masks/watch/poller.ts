import type { NameTest } from '../sieve.ts'
import type { Directory } from './types.ts'

/** Milliseconds: every polled directory is listed that often, whatever chokidar says. */
const NET = 1000

/**
 * Looks again and again at the directories that inotify does not serve. chokidar does it, from a bundle of
 * its own; as it knows only names that are text, and not what happened while it started, all of them are
 * also listed once a second.
 */
export interface Poller {
  add(directory: Directory, reason: string): void
  remove(directory: Directory): void
  size(): number
  close(): void
}

interface Input {
  look(directory: Directory): void
  interesting: NameTest
  degraded(reason: string, directories: number): void
}

export function makePoller({ look, interesting, degraded }: Input): Poller {
  const polled = new Map<string, Directory>()
  let engine: Promise<{ add(path: string): void; remove(path: string): void; close(): void }> | undefined
  let net: NodeJS.Timeout | undefined
  let reason: string | undefined
  const with_ = (use: (poll: Awaited<NonNullable<typeof engine>>) => void): void => {
    engine ??= import('./polling.ts').then(({ pollDirectories }) =>
      pollDirectories(interesting, (path) => {
        const directory = polled.get(path)
        if (directory !== undefined) look(directory)
      }),
    )
    // Without it, listing once a second is what is left.
    engine.then(use).catch(() => {})
  }
  const lookAtAll = (): void => {
    for (const directory of polled.values()) look(directory)
  }
  return {
    add(directory, why) {
      if (polled.has(directory.path)) return
      polled.set(directory.path, directory)
      net ??= setInterval(lookAtAll, NET).unref()
      if (reason !== why) {
        reason = why
        setImmediate(() => degraded(why, polled.size))
      }
      with_((poll) => polled.has(directory.path) && poll.add(directory.path))
    },
    remove(directory) {
      if (polled.get(directory.path) !== directory) return
      polled.delete(directory.path)
      with_((poll) => poll.remove(directory.path))
    },
    size: () => polled.size,
    close() {
      clearInterval(net)
      polled.clear()
      engine?.then((poll) => poll.close()).catch(() => {})
    },
  }
}
