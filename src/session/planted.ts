import { setTimeout as delay } from 'node:timers/promises'
import { lstatOf, namesIn } from '../host/files.ts'
import { ancestorsBetween, isWithin, nameOf, parentOf } from '../host/paths.ts'
import type { Belonging } from '../git/worktree-dirs.ts'
import type { Touch } from '../masks/watch/types.ts'
import { isProtected, protectionOf } from '../protect/names.ts'
import { quarantine } from '../protect/quarantine.ts'
import { posesAsRepository, repositoryParts, steeringParts, unwatchedNames } from '../protect/repositories.ts'
import { standing } from '../protect/standing.ts'
import type { Identity } from '../plan/ops.ts'
import { identityOf, keyAt } from './placing.ts'
import type { Watched } from './supervise.ts'
import { changedRepositories, unwatchedIn } from './unwatched.ts'
import { watchWorktrees, type Worktrees } from './worktrees.ts'

/** Milliseconds: what comes back within them was replaced, not removed. */
const MOMENT = 1000
/** For git to finish what it has begun. */
const PATIENCE = { tries: 50, milliseconds: 40 }
/** Some ten are looked into in a millisecond, of what nobody watches. */
const [FEWEST_DIRECTORIES, MOST_DIRECTORIES] = [500, 20_000]
/** Milliseconds by which the clock that files are stamped with may be behind. */
const TICK = 10
/** Somebody who plants more than so many has no other purpose. */
const MOST = 500

/** What appears while the session runs and would run later outside of it. */
export interface Planted {
  /** Something may stand under a protected name. */
  look(path: string, how: Touch): void
  /** Everything has been looked at once. */
  ready(): void
  /** The user puts it there: from now on it is as if it had been there before. */
  expect(path: string, identity?: Identity): void
  /** Resolves when nothing is waited for any more. */
  settled(): Promise<void>
  close(): void
}

interface State extends Watched {
  /** What was there before, and is read-only in the box. */
  before: Set<string>
  /** Of what has come to that: the directory that it stood in, which the agent can move, unlike those of the start. */
  places: Map<string, string | undefined>
  /** What the user puts there. */
  expected: Map<string, Identity>
  goneAt: Map<string, number>
  /** `.git` files of worktrees that the session made. */
  pointers: Set<string>
  worktrees: Worktrees
  /** How often an unfinished `.git` was looked at. */
  tries: Map<string, number>
  told: Set<string>
  /** Directories that are looked into when the box has ended. */
  unwatched: Set<string>
  began: number
  /** The first walk through the project is done. */
  ready: boolean
  moved: number
  closed: boolean
}

export function watchPlanted(watched: Watched): Planted {
  const { survey } = watched.prepared
  const { entries } = survey.scan
  const state: State = {
    ...watched,
    before: new Set(standing(entries)),
    places: new Map(),
    expected: new Map(),
    goneAt: new Map(),
    pointers: new Set(),
    worktrees: watchWorktrees(watched),
    tries: new Map(),
    closed: false,
    told: new Set(),
    unwatched: new Set(unwatchedIn(entries)),
    began: Date.now(),
    ready: false,
    moved: 0,
  }
  return {
    look(path, how) {
      if (unwatchedNames.test(nameOf(path))) state.unwatched.add(path)
      if (repositoryParts.test(nameOf(path))) lookAtPart(state, path, how)
      if (isProtected(path, mayBeLink(path))) look(state, path, how)
    },
    ready: () => void (state.ready = true),
    expect(path, identity) {
      if (identity === undefined) know(state, path)
      else state.expected.set(path, identity)
    },
    async settled() {
      while (state.tries.size > 0 && !state.closed)
        await delay(PATIENCE.milliseconds, undefined, { ref: false })
    },
    close() {
      finish(state)
      state.worktrees.close()
      closePointers(state)
    },
  }
}

/** Without its HEAD the directory is none. Where one was before, what steers git there is taken away. */
function lookAtPart(state: State, path: string, how: Touch): void {
  const [dir, name] = [parentOf(path), nameOf(path)]
  const head = `${dir}/HEAD`
  if (!state.before.has(head)) {
    if (posesAsRepository(dir)) look(state, head, how)
  } else if (steeringParts.some((part) => part === name)) look(state, path, how)
}

function look(state: State, path: string, how: Touch): void {
  const root = rootOf(state, path)
  // `tries`: it is being looked at again in a moment anyway.
  if (root === undefined || path === root || state.tries.has(path)) return
  if (ancestorsBetween(root, path).some((dir) => isKnown(state, dir))) return
  const stat = lstatOf(path)
  const known = isKnown(state, path)
  if (stat === undefined) return known ? noteGone(state, path) : undefined
  // It stood there when the box was built, but not yet when the project was searched: the host's.
  if (!known && how === 'listed' && stat.ctimeMs < state.began - TICK && !state.ready) return
  const gone = state.goneAt.get(path)
  state.goneAt.delete(path)
  if (!known && isExpected(state, path)) return welcome(state, path, root)
  if (!known || (gone !== undefined && Date.now() - gone > MOMENT)) return appeared(state, path, root)
  if (how === 'entry') protectAgain(state, path)
}

function know({ before, places }: State, path: string): void {
  before.add(path)
  places.set(path, keyAt(parentOf(path)))
}

/** What stands in another directory of that name is another thing, whoever put it there. */
function isKnown({ before, places }: State, path: string): boolean {
  return before.has(path) && (!places.has(path) || places.get(path) === keyAt(parentOf(path)))
}

function isExpected({ expected }: State, path: string): boolean {
  const [wanted, there] = [expected.get(path), identityOf(path)]
  return wanted !== undefined && there?.dev === wanted.dev && there.ino === wanted.ino
}

/** Until it is read-only in the box, another one may be put in its place. */
function welcome(state: State, path: string, root: string): void {
  const accept = async (): Promise<void> => {
    const { inside } = state.box
    const { error, found } = await inside.protect(path, state.expected.get(path)!)
    const isMasked = error === 'EEXIST' && found.dev === (await inside.joined)
    if ((error === undefined || isMasked) && isExpected(state, path)) know(state, path)
    state.expected.delete(path)
    if (state.before.has(path)) return
    look(state, path, 'entry')
  }
  accept().catch(() => appeared(state, path, root))
}

/** The directory that the box may write to and that holds the path. */
function rootOf({ prepared: { situation, survey } }: State, path: string): string | undefined {
  const { root } = situation.project
  if (isWithin(path, root)) return root
  return survey.grants.find((grant) => grant.access === 'rw' && isWithin(path, grant.path))?.path
}

function noteGone({ goneAt }: State, path: string): void {
  if (!goneAt.has(path)) goneAt.set(path, Date.now())
}

/** The host replaced it: its protection went with the old one. The hand's loss is told by the hand itself. */
function protectAgain(state: State, path: string): void {
  protect(state, path).catch(() => {})
}

async function protect({ box, journal }: State, path: string): Promise<void> {
  const expected = identityOf(path)
  if (expected === undefined) return
  const { error } = await box.inside.protect(path, expected)
  // It is what it was, or gone again, which is told by another event.
  if (error === undefined || error === 'EEXIST' || error === 'ENOENT') return
  journal.record({ kind: 'reported', path, runBy: runByOf(path) })
}

function appeared(state: State, path: string, root: string): void {
  const { prepared, journal, session } = state
  const runBy = runByOf(path)
  const report = (): void => {
    if (state.told.has(path)) return
    state.told.add(path)
    journal.record({ kind: 'reported', path, runBy })
  }
  const { dirs } = prepared.situation
  if (state.running.policy.protect.absent.value === 'report') return report()
  // Taking away what git has just made would make it fail halfway.
  if (isGitAtWork(state) && mayWait(state, path)) return again(state, path, root)
  switch (pointerOf(state, path)) {
    case 'own':
      state.pointers.add(path)
      return report()
    case 'unfinished':
      return again(state, path, root)
    case 'other':
  }
  try {
    const entry = quarantine(dirs.state, { path, root, session: session.id, runBy })
    state.tries.delete(path)
    if (entry === undefined) return
    journal.record({ kind: 'quarantined', path, runBy, id: entry.id })
    if (++state.moved === MOST) tooMany(state)
  } catch {
    report()
    protectAgain(state, path)
  }
}

function tooMany({ guard }: State): void {
  const never = (): Promise<void> => Promise.reject(new Error('that is no accident'))
  void guard.lost('quarantine', `${MOST} files that would run outside the box have appeared`, never)
}

export function runByOf(path: string): string {
  const name = nameOf(path)
  const runBy = protectionOf(path, mayBeLink(path))
  return runBy ?? (name === '.git' || repositoryParts.test(name) ? 'git' : 'another program')
}

/** What is gone may have been one. */
const mayBeLink = (path: string): boolean => lstatOf(path)?.isSymbolicLink() !== false

function pointerOf(state: State, path: string): Belonging {
  const found = state.worktrees.belonging(path)
  return found === 'unfinished' && !mayWait(state, path) ? 'other' : found
}

/** It holds this file while it changes a work tree; an agent that makes it gains two seconds. */
function isGitAtWork({ prepared }: State): boolean {
  const { repository } = prepared.situation.project
  if (repository === undefined) return false
  const { gitDir, commonDir } = repository
  const others = namesIn(`${commonDir}/worktrees`).map((name) => `${commonDir}/worktrees/${name}`)
  return [gitDir, ...others].some((dir) => lstatOf(`${dir}/index.lock`) !== undefined)
}

function mayWait({ tries }: State, path: string): boolean {
  return (tries.get(path) ?? 0) < PATIENCE.tries
}

function again(state: State, path: string, root: string): void {
  state.tries.set(path, (state.tries.get(path) ?? 0) + 1)
  const look = (): void => {
    if (!state.closed && lstatOf(path) !== undefined) appeared(state, path, root)
    else state.tries.delete(path)
  }
  setTimeout(look, PATIENCE.milliseconds).unref()
}

/** The box has ended, and with it what git did there: nothing is waited for any more, whatever locks are left. */
function finish(state: State): void {
  state.closed = true
  lookElsewhere(state)
  for (const path of [...state.tries.keys()]) {
    const root = rootOf(state, path)
    state.tries.set(path, PATIENCE.tries)
    if (root !== undefined && lstatOf(path) !== undefined) appeared(state, path, root)
  }
  state.tries.clear()
}

/** The longer the session was, the longer its end may take. */
function lookElsewhere({ unwatched, began, tries, journal }: State): void {
  const most = Math.min(MOST_DIRECTORIES, FEWEST_DIRECTORIES + Date.now() - began)
  const { found, left } = changedRepositories([...unwatched], began - TICK, most)
  for (const path of found) tries.set(path, PATIENCE.tries)
  const reason = `repositories were looked for in ${most} directories of node_modules and .git; there are more`
  if (left) journal.record({ kind: 'degraded', part: 'quarantine', reason })
}

/** Worktrees that were made meanwhile must not lead git elsewhere now that the box is gone. */
function closePointers(state: State): void {
  for (const path of state.pointers) {
    const root = rootOf(state, path)
    if (state.worktrees.isHonest(path) || root === undefined || lstatOf(path) === undefined) continue
    const { prepared, session, journal } = state
    try {
      const entry = quarantine(prepared.situation.dirs.state, {
        path,
        root,
        session: session.id,
        runBy: 'git',
      })
      if (entry !== undefined) journal.record({ kind: 'quarantined', path, runBy: 'git', id: entry.id })
    } catch {
      // It was reported when it appeared.
    }
  }
}
