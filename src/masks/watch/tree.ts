import { lstatSync, watch, type Stats } from 'node:fs'
import { fsPath, fromBytes } from '../../host/bytes.ts'
import { codeOf, listDirectory, skipVendored, type Unreadable } from '../scan.ts'
import type { Waiting } from './events.ts'
import type { Poller } from './poller.ts'
import type { Turns } from './turn.ts'
import { newDirectory, type Directory, type TreeInput } from './types.ts'
import type { Walk } from './walk.ts'

/**
 * `first`: at the start. `new`: it has just appeared. `again`: a moment later. `check`: events of it were
 * lost, so everything in it may be other than it was. `deep`: the same for everything below.
 */
export type Mode = 'first' | 'new' | 'again' | 'check' | 'deep'

export interface Job {
  directory: Directory
  mode: Mode
}

/** What the parts of the watch share. */
export interface Tree {
  input: TreeInput
  /** Roots and hidden directories: the walk does not enter them from above. */
  apart: ReadonlySet<string>
  roots: Map<string, Directory>
  walk: Walk<Job>
  turns: Turns
  poller: Poller
  /** Events of this turn that are not done with; see `finishEvents`. */
  waiting: Waiting[]
  /** New directories, to be listed again a moment later. */
  again: { add(directory: Directory): void; clear(): void }
  retire(watcher: { close(): void }): void
  onEvent(directory: Directory, type: string, name: string | undefined): void
  directories: number
  /** The file system of a root, if inotify does not hear of everything there. */
  unheard?: string
  /** Events may have been lost, and nobody has looked at everything since. */
  missed: boolean
  /** What is met from now on is listed only. */
  ending: boolean
  closed: boolean
}

/** Watches the directory, then lists it: what is made in between is seen twice and never missed. */
export function enter(tree: Tree, { directory, mode }: Job): void {
  if (directory.dropped || tree.closed) return
  const stat = statOf(directory.path)
  if (stat?.isDirectory() !== true) return vanish(tree, directory)
  directory.identity = identityOf(stat)
  if (directory.watcher === undefined && !tree.ending) open(tree, directory)
  if (tree.unheard !== undefined)
    tree.poller.add(directory, `inotify does not hear of all changes on ${tree.unheard}`)
  list(tree, directory, mode)
  if (mode === 'new') tree.again.add(directory)
}

function open(tree: Tree, directory: Directory): void {
  try {
    const watcher = watch(
      fsPath(directory.path),
      { persistent: false, encoding: 'buffer' },
      (type, name: Buffer | null) => {
        tree.onEvent(directory, type, name === null ? undefined : fromBytes(name))
        // It waits for the end of a turn that would not come (see `Turns`).
        if (directory.dropped && tree.turns.full()) watcher.close()
      },
    )
    watcher.on('error', (error) => fallBack(tree, directory, codeOf(error)))
    directory.watcher = watcher
    if (tree.unheard === undefined) tree.poller.remove(directory)
  } catch (error) {
    const code = codeOf(error)
    // Listing it tells the rest about these.
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EACCES') fallBack(tree, directory, code)
  }
}

function fallBack(tree: Tree, directory: Directory, code: string): void {
  if (directory.watcher !== undefined) tree.retire(directory.watcher)
  directory.watcher = undefined
  tree.poller.add(directory, REASONS[code] ?? code)
}

const REASONS: Record<string, string> = {
  ENOSPC: 'the limit of inotify watches is reached (sysctl fs.inotify.max_user_watches)',
  EMFILE: 'the limit of inotify instances is reached (sysctl fs.inotify.max_user_instances)',
  ENFILE: 'the system has no descriptors left',
  ENOSYS: 'this kernel has no inotify',
}

function list(tree: Tree, directory: Directory, mode: Mode): void {
  const { interesting, on } = tree.input
  const problems: Unreadable[] = []
  const entries = listDirectory(directory.path, problems)
  report(tree, directory, problems)
  if (entries === undefined) {
    if (problems.length === 0) vanish(tree, directory)
    return
  }
  const prefix = directory.path === '/' ? '/' : `${directory.path}/`
  const there = new Set<string>()
  for (const entry of entries) {
    const { name } = entry
    if (entry.isDirectory()) {
      if (meet(tree, directory, name, mode)) there.add(name)
    }
    if (interesting.test(name)) on.name(prefix + name, mode === 'check' ? 'entry' : 'listed')
  }
  if (mode === 'first') return
  for (const [name, child] of directory.children) {
    if (there.has(name)) continue
    vanish(tree, child, directory)
    if (interesting.test(name)) on.name(child.path, 'entry')
  }
}

function report(tree: Tree, directory: Directory, [problem]: Unreadable[]): void {
  const { on } = tree.input
  if (problem !== undefined) {
    directory.unreadable = true
    on.unreadable(problem)
  } else if (directory.unreadable) {
    directory.unreadable = false
    on.readable(directory.path)
  }
}

/** A directory in a listing. False if it is not to be entered. */
function meet(tree: Tree, directory: Directory, name: string, mode: Mode): boolean {
  const path = directory.path === '/' ? `/${name}` : `${directory.path}/${name}`
  if (!enters(tree, name, path)) return false
  const known = directory.children.get(name)
  if (known === undefined) add(tree, directory, name, mode === 'first' ? 'first' : 'new')
  else if (mode !== 'first' && identityOf(statOf(path)) !== known.identity) replace(tree, directory, name)
  else if (mode === 'deep') tree.walk.push({ directory: known, mode })
  return true
}

export function enters(tree: Tree, name: string, path: string): boolean {
  return !tree.apart.has(path) && !(tree.input.skip ?? skipVendored)(name, path)
}

/** Begins to watch a directory; at the start those further up come first, later the newest. */
export function add(tree: Tree, parent: Directory, name: string, mode: Mode): Directory {
  const child = newDirectory(parent.path === '/' ? `/${name}` : `${parent.path}/${name}`, name, false)
  parent.children.set(name, child)
  tree.directories++
  tree.walk.push({ directory: child, mode }, mode === 'new')
  return child
}

function replace(tree: Tree, parent: Directory, name: string): void {
  const known = parent.children.get(name)
  if (known !== undefined) vanish(tree, known, parent)
  add(tree, parent, name, 'new')
}

/** It is gone, with everything below: says so and stops watching it. */
export function vanish(tree: Tree, directory: Directory, parent?: Directory): void {
  if (directory.dropped) return
  if (directory.root) return tree.input.on.lost(directory.path)
  if (parent?.children.get(directory.name) === directory) parent.children.delete(directory.name)
  drop(tree, directory)
  tree.input.on.gone(directory.path)
}

function drop(tree: Tree, directory: Directory): void {
  const stack = [directory]
  for (let one = stack.pop(); one !== undefined; one = stack.pop()) {
    stack.push(...one.children.values())
    one.children.clear()
    one.dropped = true
    tree.directories--
    tree.poller.remove(one)
    if (one.watcher !== undefined) tree.retire(one.watcher)
    one.watcher = undefined
  }
}

export function statOf(path: string): Stats | undefined {
  try {
    // What has gone again is no exception here, and an error takes longer to make than all the rest.
    return lstatSync(fsPath(path), { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** File systems give the number of a removed directory to the next one, but not its time of birth. */
export function identityOf(stat: Stats | undefined): string | undefined {
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}:${stat.birthtimeMs}`
}
