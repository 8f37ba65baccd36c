import { watch, type FSWatcher } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fsPath } from '../host/bytes.ts'
import { nameOf, parentOf } from '../host/paths.ts'
import { eventTurns, restingWatch, type Turns } from '../masks/watch/turn.ts'
import type { Identity } from '../plan/ops.ts'
import { linkFor, refreshCopy, type GitConfigs } from './git-config.ts'
import type { Guard } from './guard.ts'
import type { HeldBox } from './launcher.ts'
import { identityOf, keyAt } from './placing.ts'

/**
 * A mount goes away when the host renames another file over what it covers, as git does with its config at
 * every `git config`: the box could then write to it. The watch of masks sees the project's files; this one
 * sees to all that is read-only, git's own files among them.
 */
export interface ReadonlyInput {
  box: HeldBox
  guard: Guard
  /** What the box has read-only in writable places; absolute, resolved. */
  paths: readonly string[]
  configs: GitConfigs
}

interface Kept extends ReadonlyInput {
  known: Map<string, string | undefined>
  turns: Turns
  closed: boolean
}

/** Milliseconds: for events that the kernel lost, and where it has no watch left. */
const ROUND = 500
/** Milliseconds in which another hand comes, if this one is lost. */
const PAUSE = 20
/** The hand is given back within seconds, or the box stands still. */
const TRIES = 250

/** Begins at once; the returned function ends it. Nothing of it keeps the process alive. */
export function keepReadonly(input: ReadonlyInput, turns = eventTurns()): () => void {
  const known = new Map(input.paths.map((path) => [path, keyAt(path)]))
  const kept: Kept = { ...input, known, turns, closed: false }
  const dirs = [...new Set(input.paths.map(parentOf))]
  const watches = dirs.map((dir) => {
    const inside = input.paths.filter((path) => parentOf(path) === dir)
    return watchDirectory(kept, dir, inside)
  })
  const round = setInterval(() => input.paths.forEach((path) => look(kept, path)), ROUND).unref()
  return () => {
    kept.closed = true
    clearInterval(round)
    for (const one of watches) one.close()
  }
}

function watchDirectory(kept: Kept, dir: string, paths: readonly string[]): { close(): void } {
  const names = new Map(paths.map((path) => [nameOf(path), path]))
  const open = (heard: () => void): FSWatcher | undefined => {
    try {
      const watcher = watch(fsPath(dir), { persistent: false }, (_, name) => {
        const path = name === null ? undefined : names.get(name)
        if (path !== undefined) look(kept, path)
        heard()
      })
      return watcher.on('error', () => watcher.close())
    } catch {
      // The round goes on.
      return undefined
    }
  }
  return restingWatch(open, () => paths.forEach((path) => look(kept, path)), kept.turns)
}

function look(kept: Kept, path: string): void {
  const now = keyAt(path)
  if (kept.closed || now === kept.known.get(path)) return
  kept.known.set(path, now)
  if (now === undefined) return
  const work = (): Promise<void> => protect(kept, path)
  work().catch(() => kept.guard.lost('read-only', `${path} was replaced`, work))
}

async function protect(kept: Kept, path: string): Promise<void> {
  for (let tries = 0; tries < TRIES && !kept.closed && !kept.box.ended; tries++) {
    const now = identityOf(path)
    if (now === undefined) return
    const error = await cover(kept, path, now).catch(() => 'LOST')
    if (error === undefined) return refreshCopy(kept.configs, path)
    const same = identityOf(path)
    // What stands there inside is not the host's file: it is covered.
    if (error === 'EEXIST' && same?.ino === now.ino && same.dev === now.dev) return
    await delay(PAUSE, undefined, { ref: false })
  }
  if (!kept.closed && !kept.box.ended) throw new Error(`${path} could not be made read-only again`)
}

/** As at the start: git's config is a link to the box's copy, or read-only where links cannot be mounted. */
async function cover({ box, configs }: Kept, path: string, now: Identity): Promise<string | undefined> {
  const to = linkFor(configs, path)
  const linked = to === undefined ? undefined : await box.inside.link(path, to, now)
  if (linked !== undefined && (linked.error === undefined || linked.error === 'EEXIST')) return linked.error
  return (await box.inside.protect(path, now)).error
}
