import { lstatSync, type BigIntStats } from 'node:fs'
import { fsPath } from '../host/bytes.ts'
import { readExactly } from '../host/files.ts'
import { parentOf } from '../host/paths.ts'
import { bornKey } from '../masks/hard-links.ts'
import type { Mask } from '../masks/types.ts'
import type { Identity } from '../plan/ops.ts'
import { LARGEST_TEXT } from './inside-talk.ts'
import type { InsideAnswer, LiveLook } from './inside.ts'
import type { HeldBox } from './launcher.ts'

/** `placed`: it was bare and is covered now. `covered`: something covers it already. `gone`: nothing is there. */
export type Outcome = 'placed' | 'covered' | 'gone'

/** Mounts masks in one box, each as often as its file is replaced. Rejects when the hand in the box is lost. */
export interface Placer {
  /** `seen`: what was just seen at its path. */
  place(mask: Pick<Mask, 'path' | 'look'>, seen?: BigIntStats): Promise<Outcome>
  /** Gives a covered path another look; true if that was possible. */
  change(mask: Mask): Promise<boolean>
  /** Takes away what covers the path, if anything does. */
  lift(path: string): Promise<boolean>
  /** The path under which a file with this identity was covered. */
  coveredAs(identity: Identity): string | undefined
  forget(path: string): void
  /**
   * What was covered and is not where it was, nor is its directory: the agent can move that, with the mask, where it
   * was not there yet when the box was built.
   */
  strayed(): Strayed[]
}

export interface Strayed {
  path: string
  /** See `bornKey`. */
  key: string
}

/** A path whose file is replaced again and again while it is being masked. */
const ATTEMPTS = 8
/** The helper answers each request in some microseconds, and must answer within a second. */
const MOST_AT_ONCE = 16
const NOBODY: Identity = { dev: '0', ino: '1' }

interface Placing {
  box: HeldBox
  covers: Covers
  inTurn<T>(work: () => Promise<T>): Promise<T>
}

export function makePlacer(box: HeldBox): Placer {
  const placing: Placing = { box, covers: makeCovers(), inTurn: limited(MOST_AT_ONCE) }
  return {
    place: (mask, seen) => place(placing, mask, seen),
    change: (mask) => change(placing, mask),
    lift: (path) => lift(placing, path),
    coveredAs: placing.covers.pathOf,
    forget: placing.covers.forget,
    strayed: placing.covers.strayed,
  }
}

async function place(
  { box, covers, inTurn }: Placing,
  { path, look }: Pick<Mask, 'path' | 'look'>,
  seen?: BigIntStats,
): Promise<Outcome> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const expected = attempt === 0 && seen !== undefined ? identityIn(seen) : identityOf(path)
    if (expected === undefined) return 'gone'
    const live = liveLook(look)
    const answer = await inTurn(() => box.inside.mask(path, live, expected))
    const { error, found } = answer
    if (error === undefined) {
      covers.note(path, expected, tokenIn(answer, live))
      return 'placed'
    }
    if (GONE.has(error)) return 'gone'
    const same = keyOf(identityOf(path) ?? NOBODY) === keyOf(expected)
    // What stands there inside is not the host's file: it is covered.
    if (error === 'EEXIST' && same && keyOf(found) !== keyOf(expected)) {
      if (!covers.has(path, expected)) covers.note(path, expected)
      return 'covered'
    }
  }
  throw new Error(`${path} could not be masked`)
}

async function lift({ box, covers, inTurn }: Placing, path: string): Promise<boolean> {
  const host = identityOf(path)
  const { error, found } = await inTurn(() => box.inside.mask(path, { kind: 'empty' }, NOBODY))
  if (error !== 'EEXIST' || host === undefined || keyOf(found) === keyOf(host)) return false
  const lifted = (await inTurn(() => box.inside.unmask(path, found, host))).error === undefined
  if (lifted) covers.drop(host)
  return lifted
}

/** Without room for its text a mask is empty, and has none that could be rewritten. */
const tokenIn = ({ token, emptied }: InsideAnswer, look: LiveLook): number | undefined =>
  look.kind === 'text' && !emptied ? token : undefined

/** Rewrites the text of a mask of this helper's; any other gets one on top, whose identity the helper tells. */
async function change({ box, covers, inTurn }: Placing, { path, look }: Mask): Promise<boolean> {
  const live = liveLook(look)
  const known = covers.tokenOf(path)
  if (known !== undefined && live.kind === 'text')
    return (await inTurn(() => box.inside.rewrite(known, live.text))).error === undefined
  const host = identityOf(path)
  const { error, found } = await inTurn(() => box.inside.mask(path, live, NOBODY))
  if (error !== 'EEXIST' || host === undefined) return false
  const done = await inTurn(() => box.inside.mask(path, live, found))
  if (done.error === undefined) covers.note(path, host, tokenIn(done, live))
  return done.error === undefined
}

/** What was covered, by path and by the file that was under the mask. */
interface Covers {
  note(path: string, host: Identity, token?: number): void
  has(path: string, host: Identity): boolean
  tokenOf(path: string): number | undefined
  pathOf(host: Identity): string | undefined
  forget(path: string): void
  /** It is not covered any more, because it need not be. */
  drop(host: Identity): void
  strayed(): Strayed[]
}

function makeCovers(): Covers {
  const byPath = new Map<string, { host: string; token: number | undefined }>()
  const byHost = new Map<string, string>()
  const ever = new Map<string, { path: string; directory: string | undefined }>()
  const forget = (path: string): void => {
    const host = byPath.get(path)?.host
    byPath.delete(path)
    if (host !== undefined && byHost.get(host) === path) byHost.delete(host)
  }
  const has = (path: string, host: Identity): boolean => byPath.get(path)?.host === keyOf(host)
  return {
    note(path, host, token) {
      forget(path)
      byPath.set(path, { host: keyOf(host), token })
      byHost.set(keyOf(host), path)
      const key = bornAt(path)
      if (key?.startsWith(`${keyOf(host)}:`) === true)
        ever.set(key, { path, directory: bornAt(parentOf(path)) })
    },
    has,
    tokenOf: (path) => byPath.get(path)?.token,
    pathOf(host) {
      const path = byHost.get(keyOf(host))
      return path !== undefined && has(path, host) ? path : undefined
    },
    forget,
    drop(host) {
      for (const key of ever.keys()) if (key.startsWith(`${keyOf(host)}:`)) ever.delete(key)
    },
    strayed: () =>
      [...ever].flatMap(([key, { path, directory }]) =>
        bornAt(path) === key || bornAt(parentOf(path)) === directory ? [] : [{ path, key }],
      ),
  }
}

const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

export const keyOf = ({ dev, ino }: Identity): string => `${dev}:${ino}`

export function identityOf(path: string): Identity | undefined {
  try {
    const stat = lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? undefined : identityIn(stat)
  } catch {
    return undefined
  }
}

/** The same to compare and to look up by. */
export function keyAt(path: string): string | undefined {
  const identity = identityOf(path)
  return identity === undefined ? undefined : keyOf(identity)
}

function bornAt(path: string): string | undefined {
  try {
    return bornKey(lstatSync(fsPath(path), { bigint: true }))
  } catch {
    return undefined
  }
}

const identityIn = ({ dev, ino }: BigIntStats): Identity => ({ dev: String(dev), ino: String(ino) })

function liveLook(look: Mask['look']): LiveLook {
  switch (look.kind) {
    case 'empty':
    case 'directory':
      return { kind: 'empty' }
    case 'deny':
      return { kind: 'deny' }
    case 'keys':
      return { kind: 'text', text: look.text }
    case 'substitute': {
      // The agent may have put a link, or a pipe, in its place since it was decided about.
      const { source, identity = NOBODY } = look
      const text = readExactly(source, identity, LARGEST_TEXT)?.toString('utf8')
      return text === undefined ? { kind: 'empty' } : { kind: 'text', text }
    }
  }
}

/** Runs no more than so many at a time, in the order of asking. */
function limited(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    running++
    try {
      return await work()
    } finally {
      running--
      waiting.shift()?.()
    }
  }
}
