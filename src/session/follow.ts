import { lstatSync, statSync } from 'node:fs'
import { milliseconds } from '../host/clock.ts'
import { policyChanges } from '../config/changes.ts'
import { restricted } from '../config/restrict.ts'
import { fsPath } from '../host/bytes.ts'
import type { Turns } from '../masks/watch/turn.ts'
import type { Policy } from '../policy/types.ts'
import { refusalWords, sayChanges } from '../ui/wording/policy-changes.ts'
import { watchNames } from './follow-watch.ts'

/**
 * Follows the files that a box's policy is made of. A bundle of its own (chokidar and the comparison), loaded
 * when the agent runs already.
 */

export interface FollowInput {
  project: string
  /** All that decides the policy, whether it is there or not; asked again after every change. */
  inputs(): readonly string[]
  /** Directories and files whose changes `onLook` wants to hear of. */
  others: readonly string[]
  /** The policy of the files as they are now; rejects with any policy problem. */
  load(): Promise<Policy>
  /** Of the box. */
  running(): Policy
  /** Makes the box as strict; resolves with what it cannot follow. */
  restrict(policy: Policy): Promise<string[]>
  say(file: string, effect: string): void
  /** Something may have changed, also what is no policy. */
  onLook(): void
  degraded(reason: string): void
  /** Of this process, which this bundle does not share. */
  turns: Turns
}

export interface Follower {
  /** Something may have happened. */
  poke(): void
  close(): void
}

/** Milliseconds: an editor's steps are one change. */
const DELAY = 150
/** For what is gone to come back: git and editors take a file away and write another one. */
const ABSENCE = 2000
/** Between two looks although nothing was heard. */
const NET = 5000
/** Looking takes no more than about this share of the time: one in so many milliseconds. */
const SHARE = 10

type Seen = ReadonlyMap<string, string>

interface State {
  input: FollowInput
  /** Undefined until the first comparison. */
  seen: Seen | undefined
  goneSince: number | undefined
  told: Set<string>
  problem: string | undefined
  took: number
  timer: NodeJS.Timeout | undefined
  busy: boolean
  closed: boolean
}

export function startFollowing(input: FollowInput): Follower {
  const state: State = {
    input,
    seen: undefined,
    goneSince: undefined,
    told: new Set(),
    problem: undefined,
    took: 0,
    timer: undefined,
    busy: false,
    closed: false,
  }
  const watch = watchNames(
    () => [...input.inputs(), ...input.others],
    () => soon(state),
    (reason) => input.degraded(reason),
    input.turns,
  )
  const net = setInterval(() => soon(state), NET).unref()
  soon(state)
  return {
    poke: () => soon(state),
    close() {
      state.closed = true
      clearInterval(net)
      clearTimeout(state.timer)
      watch.close()
    },
  }
}

/** Not put off by what comes meanwhile: a file that is written again and again is looked at all the same. */
function soon(state: State, delay = DELAY): void {
  if (state.closed) return
  state.timer ??= setTimeout(() => void look(state), Math.max(delay, SHARE * state.took)).unref()
}

async function look(state: State): Promise<void> {
  state.timer = undefined
  if (state.closed) return
  if (state.busy) return soon(state)
  state.busy = true
  const began = milliseconds()
  try {
    state.input.onLook()
    await compare(state)
  } catch (error) {
    state.input.degraded(error instanceof Error ? error.message : String(error))
  } finally {
    state.took = milliseconds() - began
    state.busy = false
  }
}

async function compare(state: State): Promise<void> {
  const { input } = state
  const now = seenNow(input.inputs())
  const before = state.seen
  const changed = before === undefined ? [] : changedIn(before, now)
  // What is wrong may be mended in a file that nobody could name.
  if (before !== undefined && changed.length === 0 && state.problem === undefined) {
    state.goneSince = undefined
    return
  }
  if (changed.some((path) => !now.has(path)) && mayComeBack(state)) return soon(state, 4 * DELAY)
  state.goneSince = undefined
  state.seen = now
  await follow(state, changed)
}

function mayComeBack(state: State): boolean {
  state.goneSince ??= Date.now()
  return Date.now() - state.goneSince < ABSENCE
}

async function follow(state: State, changed: readonly string[]): Promise<void> {
  const { input } = state
  const file = changed[0] ?? input.inputs().find((path) => state.seen?.has(path)) ?? input.project
  let next: Policy
  try {
    next = await input.load()
    state.problem = undefined
  } catch (error) {
    const problem = refusalWords(error)
    if (problem !== state.problem) input.say(file, problem)
    state.problem = problem
    return
  }
  const running = input.running()
  const changes = policyChanges(running, next, input.project)
  if (changes.now.length > 0) {
    const failed = await input.restrict(restricted(running, next))
    changes.now = changes.now.filter((one) => !failed.includes(one))
    changes.later.push(...failed)
  }
  for (const effect of sayChanges({ ...changes, ...news(state, changes) })) input.say(file, effect)
}

/** What stays different is told once. */
function news(
  state: State,
  { later, wider }: { later: string[]; wider: string[] },
): { later: string[]; wider: string[] } {
  const { told } = state
  const fresh = { later: later.filter((one) => !told.has(one)), wider: wider.filter((one) => !told.has(one)) }
  state.told = new Set([...later, ...wider])
  return fresh
}

function changedIn(before: Seen, now: Seen): string[] {
  const paths = new Set([...before.keys(), ...now.keys()])
  return [...paths].filter((path) => before.get(path) !== now.get(path))
}

/** What stands there, and which state of it; a link's target counts, since the user's own file may be one. */
function seenNow(paths: readonly string[]): Seen {
  const seen = new Map<string, string>()
  for (const path of paths) {
    try {
      const entry = lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false })
      if (entry === undefined) continue
      const end = entry.isSymbolicLink()
        ? statSync(fsPath(path), { bigint: true, throwIfNoEntry: false })
        : undefined
      seen.set(path, [entry, ...(end === undefined ? [] : [end])].map(textOf).join('>'))
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code !== 'ENOTDIR') seen.set(path, code)
    }
  }
  return seen
}

type Stat = Record<'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs' | 'mode', bigint>

function textOf({ dev, ino, size, mtimeNs, ctimeNs, mode }: Stat): string {
  return [dev, ino, size, mtimeNs, ctimeNs, mode].join()
}
