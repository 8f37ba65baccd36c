import { lstatSync, readFileSync } from 'node:fs'
import { fsPath } from '../host/bytes.ts'
import type { Mask } from '../masks/types.ts'
import type { Identity } from '../plan/ops.ts'
import type { LiveLook } from './inside.ts'
import type { HeldBox } from './launcher.ts'

/** `placed`: it was bare and is covered now. `covered`: something covers it already. `gone`: nothing is there. */
export type Outcome = 'placed' | 'covered' | 'gone'

/** Mounts masks in one box, each as often as its file is replaced. Rejects when the hand in the box is lost. */
export interface Placer {
  place(mask: Mask): Promise<Outcome>
  /** Gives a covered path another look; true if that was possible. */
  change(mask: Mask): Promise<boolean>
  /** Takes away what covers the path, if anything does. */
  lift(path: string): Promise<boolean>
  /** The path under which a file with this identity was covered. */
  coveredAs(identity: Identity): string | undefined
  forget(path: string): void
}

interface Covered {
  host: string
  /** Of a mask with text, in the helper that made it. */
  token?: number
}

/** A path whose file is replaced again and again while it is being masked. */
const ATTEMPTS = 8
/** The helper answers each request in some microseconds, and must answer within a second. */
const MOST_AT_ONCE = 16
const NOBODY: Identity = { dev: '0', ino: '1' }

export function makePlacer(box: HeldBox): Placer {
  const covered = new Map<string, Covered>()
  const byIdentity = new Map<string, string>()
  const inTurn = limited(MOST_AT_ONCE)
  const note = (path: string, expected: Identity, token?: number): void => {
    const host = keyOf(expected)
    covered.set(path, { host, ...(token === undefined ? {} : { token }) })
    byIdentity.set(host, path)
  }
  const place = async ({ path, look }: Mask): Promise<Outcome> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const expected = identityOf(path)
      if (expected === undefined) return 'gone'
      const live = liveLook(look)
      const { error, found, token } = await inTurn(() => box.inside.mask(path, live, expected))
      if (error === undefined) {
        note(path, expected, live.kind === 'text' ? token : undefined)
        return 'placed'
      }
      if (GONE.has(error)) return 'gone'
      const same = keyOf(identityOf(path) ?? NOBODY) === keyOf(expected)
      // What stands there inside is not the host's file: it is covered.
      if (error === 'EEXIST' && same && keyOf(found) !== keyOf(expected)) {
        if (covered.get(path)?.host !== keyOf(expected)) note(path, expected)
        return 'covered'
      }
    }
    throw new Error(`${path} could not be masked`)
  }
  const lift = async (path: string): Promise<boolean> => {
    const host = identityOf(path)
    const { error, found } = await inTurn(() => box.inside.mask(path, { kind: 'empty' }, NOBODY))
    if (error !== 'EEXIST' || host === undefined || keyOf(found) === keyOf(host)) return false
    return (await inTurn(() => box.inside.unmask(path, found))).error === undefined
  }
  return {
    place,
    async change(mask) {
      const live = liveLook(mask.look)
      const token = covered.get(mask.path)?.token
      if (token !== undefined && live.kind === 'text')
        return (await inTurn(() => box.inside.rewrite(token, live.text))).error === undefined
      return over(mask.path, live)
    },
    lift,
    coveredAs: (identity) => {
      const path = byIdentity.get(keyOf(identity))
      return path !== undefined && covered.get(path)?.host === keyOf(identity) ? path : undefined
    },
    forget(path) {
      const known = covered.get(path)
      covered.delete(path)
      if (known !== undefined && byIdentity.get(known.host) === path) byIdentity.delete(known.host)
    },
  }

  /** On top of the mask that is there, whose identity the helper tells. */
  async function over(path: string, live: LiveLook): Promise<boolean> {
    const host = identityOf(path)
    const { error, found } = await inTurn(() => box.inside.mask(path, live, NOBODY))
    if (error !== 'EEXIST' || host === undefined) return false
    const done = await inTurn(() => box.inside.mask(path, live, found))
    if (done.error === undefined) note(path, host, live.kind === 'text' ? done.token : undefined)
    return done.error === undefined
  }
}

const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

const keyOf = ({ dev, ino }: Identity): string => `${dev}:${ino}`

export function identityOf(path: string): Identity | undefined {
  try {
    const { dev, ino } = lstatSync(fsPath(path), { bigint: true })
    return { dev: String(dev), ino: String(ino) }
  } catch {
    return undefined
  }
}

function liveLook(look: Mask['look']): LiveLook {
  switch (look.kind) {
    case 'empty':
    case 'directory':
      return { kind: 'empty' }
    case 'deny':
      return { kind: 'deny' }
    case 'keys':
      return { kind: 'text', text: look.text }
    case 'substitute':
      return { kind: 'text', text: readFileSync(fsPath(look.source), 'utf8') }
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
