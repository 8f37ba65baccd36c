import type { BigIntStats, Stats } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { MaskDelta } from '../masks/live-set.ts'
import { decideAlone, isNamed } from '../masks/set.ts'
import type { Matcher } from '../masks/patterns.ts'
import type { Tracker, TrackerInput } from '../masks/tracker.ts'
import type { Mask } from '../masks/types.ts'
import type { Touch } from '../masks/watch/types.ts'
import type { Policy } from '../policy/types.ts'
import type { Identity } from '../plan/ops.ts'
import { lstatOf } from '../host/files.ts'
import { expectAgain, type Again } from './again.ts'
import { track, type EarlyWatch } from './early.ts'
import { watchByHand } from './by-hand.ts'
import { watchPlanted } from './planted.ts'
import { rulesUnder, secretsOf, type Rules } from './live-rules.ts'
import { takeBackMoved } from './moved.ts'
import { byHandOf } from '../protect/by-hand.ts'
import { identityOf, makePlacer, type Outcome, type Placer } from './placing.ts'
import { liveSessions } from './registry.ts'
import { storeLater, type StoreLater } from './storing.ts'
import type { Watched } from './supervise.ts'

/** Keeps the masks of a running box in step with the project. */
export interface LiveMasks {
  /** Looks for secrets everywhere, as at launch; resolves with the paths that were masked by it. */
  rescan(): Promise<string[]>
  /** Resolves when what appeared and would run outside was moved away, or is to stay. */
  settled(): Promise<void>
  /** Covers everything that is known to be secret, by another hand. */
  restore(): Promise<void>
  /** Masks one path now if it has a secret's name; false if it has not, or nothing stands there. */
  cover(path: string): Promise<boolean>
  /** The user puts this there, which would run outside: it stays, and is read-only in the box. */
  expect(path: string, identity?: Identity): void
  /** Masks from now on what this policy masks, too; resolves when everything has been looked at by it. */
  restrict(policy: Policy): Promise<void>
  /** The box has ended: what was done in its last moments is looked at, too. */
  finish(): Promise<void>
  close(): void
}

/** Milliseconds: a file that loses its secret name for a moment only stays covered. */
const SECOND_THOUGHT = 1000
/** Milliseconds between two looks at everything because events were lost. */
const BREATH = 250

interface Live extends Watched {
  placer: Placer
  again: Again
  rules: Rules
  tracker: Tracker
  /** What decided before, while a stricter policy is being applied. */
  before: Matcher | undefined
  /** Masked at some time: what is masked again was replaced. */
  known: Set<string>
  /** Paths that were covered since somebody asked. */
  listeners: Set<(path: string) => void>
  failing: boolean
  /** What failed meanwhile. */
  next: { part: string; reason: string } | undefined
  closed: boolean
}

/**
 * Takes over the watch over the project that has begun already. `onOther`: something may stand under a
 * protected name, after it has been dealt with.
 */
export function startLive(
  watched: Watched,
  early: EarlyWatch,
  onOther: (path: string) => void = () => {},
): LiveMasks {
  const { box, prepared } = watched
  const { survey, situation } = prepared
  const planted = watchPlanted(watched)
  const byHand = watchByHand(watched)
  const store = storeLater(situation.dirs.state, situation.project.root)
  const other = (path: string, how: Touch): void => {
    if (byHandOf(path) !== undefined) return byHand.look(path, how)
    planted.look(path, how)
    onOther(path)
  }
  const live: Live = {
    ...watched,
    placer: makePlacer(box),
    again: expectAgain(box, early.rules),
    rules: early.rules,
    tracker: early.tracker,
    before: undefined,
    known: new Set([...survey.masks, ...survey.hidden].map(({ path }) => path)),
    listeners: new Set(),
    failing: false,
    next: undefined,
    closed: false,
  }
  const listen = (rules: Rules): Listener => listenerFor(live, rules, other, store)
  early.listen(listen(early.rules))
  // What it rejects with has been told as a failure.
  const begin = async (): Promise<void> => {
    await live.tracker.settled()
    planted.ready()
    // An agent in another box may have exchanged a directory while bwrap mounted the masks: from now on that is heard.
    if (liveSessions(situation.dirs.state).length > 1) await coverAll(live)
    live.again.begin(live.tracker.masks().values())
  }
  begin().catch(() => {})
  return {
    rescan: () => rescan(live),
    settled: planted.settled,
    restore: () => restore(live, () => live.tracker.settled()),
    cover: (path) => coverPath(live, path),
    expect: planted.expect,
    async finish() {
      await live.tracker.finish()
      takeBackMoved(watched, live.rules, live.placer.strayed())
    },
    restrict: (policy) => restrict(live, policy, listen),
    close() {
      live.closed = true
      live.tracker.close()
      planted.close()
      byHand.close()
      store.close()
    },
  }
}

type Listener = TrackerInput['on']

function listenerFor(
  live: Live,
  rules: Rules,
  other: (path: string, how: Touch) => void,
  store: StoreLater,
): Listener {
  return {
    urgent: (mask, stat) => background(live, cover(live, mask, stat)),
    changed(delta, masks, urged) {
      apply(live, { ...delta, added: delta.added.filter(({ path }) => !urged.has(path)) })
      if (live.rules === rules) store(secretsOf(masks))
    },
    other,
    plain: (path, stat) => reveal(live, path, stat),
    missed: (reason) => failed(live, 'watch', `the kernel dropped events (${reason})`),
    degraded: (reason, count) => failed(live, 'watch', `${reason}; ${count} directories are polled`),
    lost: (root) => lost(live, root),
    failed: (error) => failed(live, 'masks', error instanceof Error ? error.message : String(error)),
  }
}

/** The tracker of before goes on until the new one has seen everything: no event is without a listener. */
async function restrict(live: Live, policy: Policy, listen: (rules: Rules) => Listener): Promise<void> {
  const { tracker: old, rules: had } = live
  live.rules = rulesUnder(policy, had)
  live.before = had.matcher
  live.tracker = track(live.prepared.survey, live.rules, listen(live.rules), [...old.masks().values()])
  try {
    await live.tracker.settled()
    await coverAll(live)
  } finally {
    live.before = undefined
    old.close()
    if (live.closed) live.tracker.close()
  }
}

/** Masks what stands there, and says so if it was bare. */
async function cover(live: Live, mask: Mask, stat?: BigIntStats): Promise<Outcome> {
  const anew = byPolicy(live, mask) ? 'policy' : 'appeared'
  const outcome = await live.placer.place(mask, stat)
  if (outcome !== 'placed') return outcome
  const how = live.known.has(mask.path) ? 'replaced' : anew
  live.known.add(mask.path)
  live.journal.record({ kind: 'masked', path: mask.path, pattern: mask.reason.pattern, how })
  for (const tell of live.listeners) tell(mask.path)
  live.again.expect(mask)
  return outcome
}

/** It stood there, and nothing masked it until the policy changed. */
function byPolicy({ before }: Live, { path, entry, reason }: Mask): boolean {
  return before !== undefined && before.match(reason.via ?? path, entry === 'directory') === undefined
}

function apply(live: Live, { added, changed, removed }: MaskDelta): void {
  for (const mask of added) background(live, cover(live, mask))
  for (const mask of changed) background(live, redact(live, mask))
  // With its file the mask is gone too. What is still there stays covered until the session ends, whatever
  // was the reason: the other name of a secret, or the target of a link, still has its content.
  for (const { path } of removed) {
    if (lstatOf(path) !== undefined) continue
    live.placer.forget(path)
    live.journal.record({ kind: 'unmasked', path })
  }
}

async function redact(live: Live, mask: Mask): Promise<void> {
  // It may have been replaced: then it is covered anew, with its present look.
  if ((await cover(live, mask)) !== 'covered') return
  if (await live.placer.change(mask)) live.journal.record({ kind: 'redacted', path: mask.path })
}

/**
 * A mask goes with its file when the host renames it. Under a name that is no secret's it is taken away, as
 * the next launch would not mask it either; not at once, since programs that save rename back and forth.
 */
function reveal(live: Live, path: string, stat: Stats): void {
  const identity = { dev: String(stat.dev), ino: String(stat.ino) }
  if (stat.nlink > 1 || live.placer.coveredAs(identity) === undefined) return
  const look = async (): Promise<void> => {
    const now = identityOf(path)
    if (live.closed || now?.ino !== identity.ino || live.tracker.masks().has(path)) return
    if (await live.placer.lift(path)) live.journal.record({ kind: 'unmasked', path })
  }
  setTimeout(() => background(live, look()), SECOND_THOUGHT).unref()
}

/** Nobody waits for it; the hand's loss is told by the hand itself, any other failure here. */
function background(live: Live, work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    if (live.closed || live.box.ended) return
    const reason = error instanceof Error ? error.message : String(error)
    if (!/the helper in the box/.test(reason)) failed(live, 'masks', reason)
  })
}

/**
 * Something went wrong: everything that is known is covered again, and then everything is looked at. One
 * after the other, with a pause in between: a storm of events must not leave time for nothing else.
 */
function failed(live: Live, part: string, reason: string): void {
  if (live.closed || live.box.ended) return
  live.next = { part, reason }
  if (live.failing) return
  live.failing = true
  void mend(live)
}

/** Nothing brings it back: a directory that stands there later is not the one that the box has. */
function lost(live: Live, root: string): void {
  if (live.closed || live.box.ended) return
  const never = (): Promise<void> => Promise.reject(new Error('what appears in it cannot be masked'))
  void live.guard.lost('watch', `${root} was moved or removed`, never)
}

async function mend(live: Live): Promise<void> {
  for (let what = live.next; what !== undefined; what = live.next) {
    live.next = undefined
    const { part, reason } = what
    await live.guard.lost(part, reason, () => restore(live, () => live.tracker.rescan()))
    await delay(BREATH, undefined, { ref: false })
    if (live.closed || live.box.ended) return
  }
  live.failing = false
}

/** First what is known; then `more`, and what it brought or what was being decided about meanwhile. */
async function restore(live: Live, more: () => Promise<void>): Promise<void> {
  await coverAll(live)
  // The hand may be another one.
  live.again.begin(live.tracker.masks().values())
  await more()
  await coverAll(live)
}

async function coverAll(live: Live): Promise<void> {
  await Promise.all([...live.tracker.masks().values()].map((mask) => cover(live, mask)))
}

async function rescan(live: Live): Promise<string[]> {
  const placed: string[] = []
  const listen = (path: string): void => void placed.push(path)
  live.listeners.add(listen)
  try {
    await live.tracker.rescan()
    await coverAll(live)
  } finally {
    live.listeners.delete(listen)
  }
  return [...new Set(placed)].toSorted()
}

async function coverPath(live: Live, path: string): Promise<boolean> {
  const { rules } = live
  if (lstatOf(path) === undefined || !isNamed(rules.matcher, path)) return false
  const masks = decideAlone(rules, path)
  const outcomes = await Promise.all(masks.map((mask) => cover(live, mask)))
  return outcomes.some((outcome) => outcome !== 'gone')
}
