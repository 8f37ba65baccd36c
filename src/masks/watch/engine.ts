import { setImmediate as turn } from 'node:timers/promises'
import { milliseconds } from '../../host/clock.ts'
import { checkRoot, finishEvents, onEvent } from './events.ts'
import { unheardFileSystem } from './places.ts'
import { makePoller } from './poller.ts'
import { enter, statOf, type Job, type Tree } from './tree.ts'
import { eventTurns } from './turn.ts'
import { newDirectory, type Directory, type TreeInput, type TreeWatch } from './types.ts'
import { slicedWalk } from './walk.ts'

/** Milliseconds after which a new directory is listed once more. */
const AGAIN = 100
/** Milliseconds between two looks at whether the roots are still there. */
const ROUND = 1000
/** Milliseconds: no longer than that at a time. */
const SLICE = 2

/**
 * Watches everything below the roots with one inotify watch a directory, as the scan walks them: vendored
 * and hidden directories are not entered, links not followed. It begins at once and never blocks the event
 * loop for more than a few milliseconds; nothing of it keeps the process alive.
 */
export function watchTree(input: TreeInput): TreeWatch {
  const tree = makeTree(input)
  for (const path of new Set(input.roots)) {
    // A single file that is granted.
    if (statOf(path)?.isDirectory() !== true) continue
    const root = newDirectory(path, path.slice(path.lastIndexOf('/') + 1), true)
    tree.roots.set(path, root)
    tree.directories++
    tree.walk.push({ directory: root, mode: 'first' })
    const unheard = unheardFileSystem(path)
    if (unheard !== undefined) tree.unheard = unheard
  }
  const stopHearing = tree.turns.onFull((events) => {
    tree.missed = true
    input.on.missed(`${events} events at once`)
  })
  const round = setInterval(() => tree.roots.forEach((root) => checkRoot(tree, root)), ROUND).unref()
  const rescan = async (): Promise<void> => {
    tree.missed = false
    for (const directory of tree.roots.values()) tree.walk.push({ directory, mode: 'deep' })
    await tree.walk.idle()
  }
  return {
    rescan,
    settled() {
      finishEvents(tree)
      return tree.walk.idle()
    },
    async finish() {
      tree.ending = true
      // The second is one that has begun after what was to be heard had happened.
      for (let turns = 0; turns < 2; turns++) await turn()
      finishEvents(tree)
      await (tree.missed || tree.poller.size() > 0 ? rescan() : tree.walk.idle())
    },
    counts: () => ({ directories: tree.directories, polled: tree.poller.size() }),
    close() {
      tree.closed = true
      clearInterval(round)
      stopHearing()
      tree.waiting = []
      tree.again.clear()
      tree.walk.close()
      tree.poller.close()
      for (const root of tree.roots.values()) closeAll(tree, root)
    },
  }
}

function makeTree(input: TreeInput): Tree {
  const { on } = input
  const walk = slicedWalk<Job>((job) => enter(tree, job))
  const tree: Tree = {
    input,
    apart: new Set([...input.roots, ...(input.hidden ?? [])]),
    roots: new Map(),
    walk,
    turns: eventTurns(),
    poller: makePoller({
      look: (directory) => walk.push({ directory, mode: 'check' }, true),
      interesting: input.interesting,
      degraded: on.degraded,
    }),
    waiting: [],
    again: listAgain(walk),
    retire: slowly((watcher: { close(): void }) => watcher.close()),
    onEvent: (directory, type, name) => onEvent(tree, directory, type, name),
    directories: 0,
    missed: false,
    ending: false,
    closed: false,
  }
  return tree
}

/**
 * Watches are closed after the turn in which their directory went, a few at a time: events that are still
 * in the queue for them are then handed to us and counted (see `countTurns`).
 */
function slowly<T>(use: (item: T) => void): (item: T) => void {
  let waiting: T[] = []
  const slice = (): void => {
    const end = milliseconds() + SLICE
    let at = 0
    while (at < waiting.length && milliseconds() < end) use(waiting[at++]!)
    waiting = waiting.slice(at)
    if (waiting.length > 0) setImmediate(slice)
  }
  return (item) => {
    if (waiting.push(item) === 1) setImmediate(slice)
  }
}

function listAgain(walk: Tree['walk']): Tree['again'] {
  let waiting = new Set<Directory>()
  const list = (): void => {
    const directories = waiting
    waiting = new Set()
    for (const directory of directories) walk.push({ directory, mode: 'again' }, true)
  }
  return {
    add(directory) {
      if (waiting.size === 0) setTimeout(list, AGAIN).unref()
      waiting.add(directory)
    },
    clear: () => waiting.clear(),
  }
}

function closeAll(tree: Tree, root: Directory): void {
  const stack = [root]
  for (let one = stack.pop(); one !== undefined; one = stack.pop()) {
    stack.push(...one.children.values())
    one.dropped = true
    if (one.watcher !== undefined) tree.retire(one.watcher)
    one.watcher = undefined
  }
}
