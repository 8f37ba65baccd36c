import { watch as chokidar, type FSWatcher } from 'chokidar'
import { lstatOf } from '../host/files.ts'
import { ancestorsBetween, parentOf } from '../host/paths.ts'
import { restingWatch, type Turns } from '../masks/watch/turn.ts'

/**
 * Calls back when something happens under one of the names, which need not be there: their directories are
 * watched. `names` is asked again when that happens.
 */
export function watchNames(
  names: () => readonly string[],
  onEvent: () => void,
  onError: (reason: string) => void,
  turns: Turns,
): { close(): void } {
  let wanted = new Set<string>()
  /** Directories on the way to them: one that appears is to be watched next. */
  let ways = new Set<string>()
  const tellOnce = onceEach((code) =>
    onError(`not all of the policy's files can be watched (${code}); they are looked at every few seconds`),
  )
  const open = (heard: () => void): FSWatcher => {
    const watched = new Set<string>()
    const watcher = chokidar([], {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      persistent: false,
      // By default it hides what editors save first.
      atomic: false,
      ignored: (path) => !wanted.has(path) && !ways.has(path),
    })
    const refresh = (): void => {
      // chokidar knows only names that are text; any other is looked at from time to time.
      wanted = new Set(names().filter((path) => !/[\ud800-\udfff]/.test(path)))
      ways = new Set([...wanted].flatMap((path) => ['/', ...ancestorsBetween('/', path)]))
      const directories = new Set([...wanted].map((path) => nearest(parentOf(path))))
      const added = [...directories].filter((path) => !watched.has(path))
      for (const path of added) watched.add(path)
      // If it comes back it is another one.
      for (const path of watched) if (!directories.has(path)) watched.delete(path)
      if (added.length > 0) watcher.add(added)
    }
    watcher.on('raw', heard)
    watcher.on('error', tellOnce)
    watcher.on('all', () => {
      refresh()
      onEvent()
    })
    refresh()
    return watcher
  }
  return restingWatch(
    (heard) => {
      const watcher = open(heard)
      return { close: () => void watcher.close() }
    },
    onEvent,
    turns,
  )
}

/** Of chokidar's thousand errors at a limit one is enough. */
function onceEach(tell: (code: string) => void): (error: unknown) => void {
  const told = new Set<string>()
  return (error) => {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    if (code === 'ENOENT' || told.has(code)) return
    told.add(code)
    tell(code)
  }
}

/** The directory, or what there is of the way to it. */
function nearest(directory: string): string {
  let at = directory
  while (at !== '/' && lstatOf(at)?.isDirectory() !== true) at = parentOf(at)
  return at
}
