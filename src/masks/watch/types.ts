import type { Stats } from 'node:fs'
import type { Unreadable } from '../scan.ts'
import type { NameTest } from '../sieve.ts'

/**
 * `entry`: something was made, moved, replaced or removed under this name, or that cannot be excluded.
 * `content`: it was written, or its attributes changed. `listed`: it stood there when its directory was
 * listed, and if it was known before, nothing says that it is another one.
 */
export type Touch = 'entry' | 'content' | 'listed'

/** What the watch of a tree reports. Every call is made synchronously, as soon as the kernel's event is here. */
export interface TreeEvents {
  /** A name that `interesting` wants: look at what stands there now, if anything does. */
  name(path: string, how: Touch): void
  /** The same for every name, with what stands there now; after `name`. */
  any(path: string, how: 'entry' | 'content', stat: Stats | undefined): void
  /** A directory that was known is not there any more, or another one is. */
  gone(directory: string): void
  unreadable(directory: Unreadable): void
  readable(directory: string): void
  /** Events may have been lost: `rescan` is due. */
  missed(reason: string): void
  /** inotify cannot serve `directories` (this many in all); they are looked at again and again instead. */
  degraded(reason: string, directories: number): void
  /** A root was moved or removed: nothing below it can be found by its path any more. */
  lost(root: string): void
}

export interface TreeInput {
  /** Absolute, resolved, as all paths here. */
  roots: readonly string[]
  interesting: NameTest
  /** Directories that the policy hides: reported if interesting, not entered. */
  hidden?: readonly string[] | undefined
  /** Other directories not to enter, by default `skipVendored`. */
  skip?: ((name: string, path: string) => boolean) | undefined
  on: TreeEvents
}

export interface TreeWatch {
  /** Lists everything again; resolves when that is done, or at once after `close`. */
  rescan(): Promise<void>
  /** Resolves when nothing is left to be listed; the first time, when everything is watched. */
  settled(): Promise<void>
  /** Nothing changes any more: resolves when all that has happened was heard of and looked at. */
  finish(): Promise<void>
  /** Of all directories; those that are looked at again and again. */
  counts(): { directories: number; polled: number }
  close(): void
}

/** A directory that is watched. */
export interface Directory {
  path: string
  name: string
  children: Map<string, Directory>
  root: boolean
  dropped: boolean
  unreadable: boolean
  /** Which directory it is; see `identityOf`. */
  identity?: string | undefined
  watcher?: { close(): void } | undefined
  /** Events in this turn of the event loop. */
  turn: number
  events: number
}

export function newDirectory(path: string, name: string, root: boolean): Directory {
  const state = { root, dropped: false, unreadable: false, turn: 0, events: 0 }
  return { path, name, children: new Map(), ...state }
}
