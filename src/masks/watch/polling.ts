import { watch as chokidar } from 'chokidar'
import { nameOf, parentOf } from '../../host/paths.ts'
import type { NameTest } from '../sieve.ts'

/** Milliseconds between two looks at a file. */
const INTERVAL = 200

/** A bundle of its own: chokidar is loaded only where inotify cannot serve. */
export function pollDirectories(
  interesting: NameTest,
  changed: (directory: string) => void,
): { add(path: string): void; remove(path: string): void; close(): void } {
  const watcher = chokidar([], {
    usePolling: true,
    interval: INTERVAL,
    binaryInterval: INTERVAL,
    depth: 0,
    ignoreInitial: true,
    followSymlinks: false,
    persistent: false,
    // By default it hides what editors save first, and real secrets have such names.
    atomic: false,
    ignored: (path, stats) => stats?.isDirectory() === false && !interesting.test(nameOf(path)),
  })
  watcher.on('all', (_event, path) => {
    changed(parentOf(path))
    changed(path)
  })
  watcher.on('error', () => {})
  return {
    add: (path) => void watcher.add(path),
    remove: (path) => void watcher.unwatch(path),
    close: () => void watcher.close(),
  }
}
