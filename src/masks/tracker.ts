import { lstatSync, type BigIntStats, type Stats } from 'node:fs'
import { milliseconds } from '../host/clock.ts'
import { fsPath } from '../host/bytes.ts'
import { linkTarget } from '../host/files.ts'
import { nameOf } from '../host/paths.ts'
import { pathsBehind } from './chain.ts'
import type { LinkCache, MaskInput } from './found.ts'
import { applyEvents, diff, emptySet, type LiveSet, type MaskDelta, type SetEvent } from './live-set.ts'
import { kindOf, type ScanEntry } from './scan.ts'
import { buildMasks, decideAlone, isNamed } from './set.ts'
import { compiled, joined, type Sieve } from './sieve.ts'
import type { Mask } from './types.ts'
import { watchTree } from './watch/engine.ts'
import type { Touch, TreeEvents, TreeWatch } from './watch/types.ts'

/** Milliseconds between an event and the exact decision about everything. */
const SOON = 4
/** The exact decision takes no more than about this share of the time: one in so many milliseconds. */
const SHARE = 5

export interface TrackerInput {
  /** All that decides but what is found. */
  masks: Omit<MaskInput, 'scan' | 'links'>
  /** Directories that are not entered although `masks` names none of them as hidden. */
  apart?: readonly string[] | undefined
  /** Other names to report. */
  others?: Sieve | undefined
  on: {
    /**
     * A secret stands there, perhaps anew: cover it now. `stat`: what was just seen there. What changes in
     * consequence comes with `changed`.
     */
    urgent(mask: Mask, stat?: BigIntStats): void
    /** The set is what a fresh scan would give now, once `settled`. `urged`: paths that were called urgent already. */
    changed(delta: MaskDelta, masks: ReadonlyMap<string, Mask>, urged: ReadonlySet<string>): void
    /** Something may stand under one of `others`. */
    other(path: string, how: Touch): void
    /** A file has come under a name that is no secret's, by whatever way. */
    plain(path: string, stat: Stats): void
    missed(reason: string): void
    degraded(reason: string, directories: number): void
    /** A root was moved or removed, told once: nothing in it can be watched any more. */
    lost(root: string): void
    /** What is there cannot be decided about; `buildMasks` says why. */
    failed(error: unknown): void
  }
}

export interface Tracker {
  /** What is known now. */
  masks(): ReadonlyMap<string, Mask>
  /** Resolves when everything that is known to have happened is decided; first when all is watched. */
  settled(): Promise<void>
  /** See `TreeWatch.finish`. Nothing is decided any more. */
  finish(): Promise<void>
  /** Looks at everything again; rejects with what cannot be decided. */
  rescan(): Promise<void>
  counts(): { directories: number; polled: number }
  close(): void
}

interface State {
  input: TrackerInput
  links: LinkCache
  set: LiveSet
  events: SetEvent[]
  /** What decides where links and substitutes lead. */
  behind: Set<string>
  /** What was called urgent since the last decision; also what a link leads to, whose own name is not known by it. */
  urged: Set<string>
  /** Whose own name was seen since then. */
  seen: Set<string>
  /** Entries that a rescan has not met yet. */
  unseen: Set<string>
  timer: NodeJS.Timeout | undefined
  /** Milliseconds that the last decision took. */
  took: number
  /** Everything has been met once. Before that what has not been met yet is not gone. */
  walked: boolean
  closed: boolean
}

/** Watches a project and keeps its mask set. `initial` is what is masked already. */
export function trackMasks(input: TrackerInput, initial: readonly Mask[] = []): Tracker {
  const { masks, others } = input
  const state: State = {
    input,
    links: { found: [] },
    set: applyEvents(emptySet, [{ kind: 'decided', masks: initial }]),
    events: [],
    behind: new Set(),
    urged: new Set(),
    seen: new Set(),
    unseen: new Set(),
    timer: undefined,
    took: 0,
    walked: false,
    closed: false,
  }
  const sieve = masks.matcher.interesting
  const watch = watchTree({
    roots: masks.roots,
    hidden: [...(masks.hidden ?? []), ...(input.apart ?? [])],
    interesting: compiled(others === undefined ? sieve : joined(sieve, others)),
    on: treeEvents(state),
  })
  return {
    masks: () => state.set.masks,
    async settled() {
      await watch.settled()
      state.walked = true
      throwIfFailed(decide(state))
    },
    finish: () => watch.finish(),
    rescan: () => rescan(state, watch),
    counts: () => watch.counts(),
    close() {
      state.closed = true
      clearTimeout(state.timer)
      watch.close()
    },
  }
}

function treeEvents(state: State): TreeEvents {
  const { on, others } = state.input
  const lost = new Set<string>()
  return {
    name(path, how) {
      touch(state, path, how)
      if (others?.test(nameOf(path)) === true) on.other(path, how)
    },
    any: (path, how, stat) => touchAny(state, path, how, stat),
    gone: (directory) => leave(state, directory),
    unreadable: (directory) => note(state, { kind: 'unreadable', directory }),
    readable: (path) => note(state, { kind: 'readable', path }),
    missed: (reason) => on.missed(reason),
    degraded: (reason, directories) => on.degraded(reason, directories),
    lost(root) {
      if (lost.has(root)) return
      lost.add(root)
      on.lost(root)
    },
  }
}

/** A secret's name. What stands under it is covered before anything else is thought about. */
function touch(state: State, path: string, how: Touch): void {
  state.unseen.delete(path)
  if (!isNamed(state.input.masks.matcher, path)) return
  // Whatever covers it still does.
  if (how !== 'entry' && isKnown(state, path)) return how === 'content' ? schedule(state) : undefined
  const stat = statOf(path)
  if (stat === undefined) {
    state.seen.delete(path)
    return note(state, { kind: 'gone', path })
  }
  cover(state, path, stat)
  state.seen.add(path)
  note(state, { kind: 'seen', entry: entryOf(path, stat) })
}

function isKnown({ set, urged, seen }: State, path: string): boolean {
  return (urged.has(path) && seen.has(path)) || (set.masks.has(path) && set.entries.has(path))
}

function cover({ input: { masks, on }, urged }: State, path: string, stat?: BigIntStats): void {
  try {
    for (const mask of decideAlone(masks, path, stat)) {
      urged.add(mask.path)
      on.urgent(mask, mask.path === path ? stat : undefined)
    }
  } catch (error) {
    on.failed(error)
  }
}

/** Any name: it may be that of a link's target, of a substitute, or another one of a secret's file. */
function touchAny(state: State, path: string, how: 'entry' | 'content', stat: Stats | undefined): void {
  const { matcher } = state.input.masks
  const known = state.set.masks.get(path)
  if (how === 'content') {
    if (known !== undefined) schedule(state)
    return
  }
  if (known !== undefined && stat !== undefined) state.input.on.urgent(known)
  // It was covered for a link's sake, and is another file now: the decision covers it anew.
  else if (!isNamed(matcher, path) && state.urged.delete(path)) schedule(state, 0)
  if (state.behind.has(path)) {
    for (const entry of state.set.entries.values()) if (entry.kind === 'symlink') cover(state, entry.path)
    schedule(state, 0)
  } else if (known !== undefined || (stat?.isFile() === true && stat.nlink > 1)) schedule(state)
  if (stat?.isFile() === true && known === undefined && !isNamed(matcher, path))
    state.input.on.plain(path, stat)
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function entryOf(path: string, stat: BigIntStats): ScanEntry {
  const kind = kindOf(stat)
  const link = kind === 'symlink' ? linkTarget(path) : undefined
  return { path, name: nameOf(path), kind, ...(link === undefined ? {} : { link }) }
}

function note(state: State, event: SetEvent): void {
  state.events.push(event)
  schedule(state)
}

/** At once: what is found there from now on is not what was known. */
function leave(state: State, directory: string): void {
  const prefix = `${directory}/`
  for (const paths of [state.urged, state.seen])
    for (const path of paths) if (path.startsWith(prefix)) paths.delete(path)
  state.set = applyEvents(state.set, [...state.events.splice(0), { kind: 'left', directory }])
  schedule(state)
}

function schedule(state: State, delay = Math.max(SOON, SHARE * state.took)): void {
  if (state.closed) return
  state.timer ??= setTimeout(() => void decide(state), delay).unref()
}

async function rescan(state: State, watch: TreeWatch): Promise<void> {
  state.unseen = new Set(state.set.entries.keys())
  await watch.rescan()
  state.walked = true
  for (const path of state.unseen) state.events.push({ kind: 'gone', path })
  state.unseen.clear()
  throwIfFailed(decide(state))
}

/** Decides about everything that is known to be there, as a fresh scan would. Returns what went wrong. */
function decide(state: State): unknown {
  clearTimeout(state.timer)
  state.timer = undefined
  if (state.closed) return undefined
  const { masks, on } = state.input
  const began = milliseconds()
  const known = applyEvents(state.set, state.events.splice(0))
  const { urged } = state
  state.urged = new Set()
  state.seen = new Set()
  state.set = known
  try {
    const { entries, unreadable } = known
    const scan = { entries: [...entries.values()].toSorted(byPath), unreadable: [...unreadable.values()] }
    const { masks: met } = buildMasks({ ...masks, scan, links: state.links })
    const list = state.walked ? met : [...met, ...unmet(known.masks, met)]
    state.set = applyEvents(known, [{ kind: 'decided', masks: list }])
    state.behind = behind(scan.entries, masks.policy)
    const delta = diff(known.masks, state.set.masks)
    on.changed(delta, state.set.masks, urged)
  } catch (error) {
    on.failed(error)
    return error
  } finally {
    state.took = milliseconds() - began
  }
  return undefined
}

/** What was masked, is still there, and may only wait for its turn. */
function unmet(before: ReadonlyMap<string, Mask>, met: readonly Mask[]): Mask[] {
  const paths = new Set(met.map(({ path }) => path))
  return [...before.values()].filter(({ path }) => !paths.has(path) && statOf(path) !== undefined)
}

function behind(entries: readonly ScanEntry[], policy: MaskInput['policy']): Set<string> {
  const links = entries.filter(({ kind }) => kind === 'symlink').map(({ path }) => path)
  const named = policy.substitute.flatMap(({ value }) => [value.target, value.source])
  return new Set([...links, ...named].flatMap(pathsBehind))
}

function throwIfFailed(error: unknown): void {
  if (error !== undefined) throw error
}

const byPath = (one: ScanEntry, other: ScanEntry): number => (one.path < other.path ? -1 : 1)
