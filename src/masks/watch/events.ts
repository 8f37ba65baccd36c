import { accessSync, constants } from 'node:fs'
import { fsPath } from '../../host/bytes.ts'
import { milliseconds } from '../../host/clock.ts'
import { REST } from './turn.ts'
import { add, enter, enters, identityOf, statOf, vanish, type Tree } from './tree.ts'
import type { Directory } from './types.ts'

/** Events of one directory in one turn of the loop from which on it may be paused. */
const HOT = 4

/** Names that are no secret's wait for the end of this turn, but no more of them than so many. */
const MOST_WAITING = 64

/** Milliseconds for which new directories are listed at once: one may have a million names. */
const AT_ONCE = 10

/** An event whose name has been told; the rest of its work is to be done. */
export interface Waiting {
  directory: Directory
  type: string
  name: string
  path: string
}

/**
 * One raw event of a directory. What has a secret's name is told at once, before all that came with it: an
 * editor's temporary files may take their time. libuv reports a directory's own removal under the directory's
 * own name; nothing stands at that path then.
 */
export function onEvent(tree: Tree, directory: Directory, type: string, name: string | undefined): void {
  const turn = tree.turns.count()
  // Its watch is about to be closed; counting it is all that is left to do.
  if (directory.dropped || tree.closed) return
  cool(tree, directory, turn)
  if (name === undefined) return tree.walk.push({ directory, mode: 'check' }, true)
  const path = directory.path === '/' ? `/${name}` : `${directory.path}/${name}`
  if (tree.input.interesting.test(name)) tree.input.on.name(path, type === 'change' ? 'content' : 'entry')
  if (tree.waiting.push({ directory, type, name, path }) === 1) setImmediate(() => finishEvents(tree))
  else if (tree.waiting.length >= MOST_WAITING) finishEvents(tree)
}

/** The rest of the work for what has been told, in the order in which it came. */
export function finishEvents(tree: Tree): void {
  const began = milliseconds()
  for (const { directory, type, name, path } of tree.waiting.splice(0)) {
    if (directory.dropped || tree.closed) continue
    if (directory.root && name === directory.name) checkRoot(tree, directory)
    if (type === 'change') {
      tree.input.on.any(path, 'content', undefined)
      onAttributes(tree, directory.children.get(name))
    } else onEntry(tree, directory, name, path, milliseconds() - began < AT_ONCE)
  }
}

function onEntry(tree: Tree, directory: Directory, name: string, path: string, atOnce: boolean): void {
  const known = directory.children.get(name)
  // Also if a directory stands there now: it is another one, or its watches may be another path's.
  if (known !== undefined) vanish(tree, known, directory)
  const stat = statOf(path)
  tree.input.on.any(path, 'entry', stat)
  if (stat?.isDirectory() === true && enters(tree, name, path)) {
    const child = add(tree, directory, name, 'new')
    if (atOnce) enter(tree, { directory: child, mode: 'new' })
  }
  // A directory called .git counts as git's own as soon as it has a HEAD.
  if (name === 'HEAD' && directory.name === '.git') leaveIfSkipped(tree, directory)
}

/** `chmod` on a directory. */
function onAttributes(tree: Tree, child: Directory | undefined): void {
  if (child === undefined) return
  if (child.unreadable || !maySearch(child.path)) tree.walk.push({ directory: child, mode: 'check' }, true)
}

function maySearch(path: string): boolean {
  try {
    accessSync(fsPath(path), constants.R_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

function leaveIfSkipped(tree: Tree, directory: Directory): void {
  if (!directory.root && !enters(tree, directory.name, directory.path)) vanish(tree, directory)
}

/** The kernel tells of a root that is renamed; of one that is removed only when no mount holds it any more. */
export function checkRoot(tree: Tree, root: Directory): void {
  if (root.identity === undefined) return
  if (identityOf(statOf(root.path)) !== root.identity) tree.input.on.lost(root.path)
}

/**
 * A directory in which something happens all the time is listed from time to time instead. What is in the queue for
 * it is lost, which is why this is done only in a turn that counts as an overflow.
 */
function cool(tree: Tree, directory: Directory, turn: number): void {
  if (directory.turn !== turn) {
    directory.turn = turn
    directory.events = 0
  }
  if (++directory.events < HOT || !tree.turns.full() || directory.watcher === undefined) return
  directory.watcher.close()
  directory.watcher = undefined
  setTimeout(() => tree.walk.push({ directory, mode: 'check' }, true), REST).unref()
}
