import type { Duplex } from 'node:stream'
import { constants } from 'node:os'
import { toBytes } from '../host/bytes.ts'
import type { Identity } from '../plan/ops.ts'

/** The same in native/join.h, for this and the next four. */
export const KIND = {
  ...{ empty: 1, deny: 2, text: 3, rewrite: 4, unmask: 5, protect: 6, listen: 7, connect: 8 },
  ...{ link: 9, forget: 10, again: 11, pin: 12 },
} as const
const HEADER = 32
const ANSWER = 32
export const LARGEST_PATH = 4095
export const LARGEST_TEXT = 1 << 20
/** Milliseconds without any answer while one is due: a process that only answers is gone or stopped then. */
const PATIENCE = 1000
/** The same as long as there is nobody to protect from: a machine may be busy. */
const LONG_PATIENCE = 10_000
const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

export interface Answer {
  /** The errno's name, or undefined: it is done. */
  error?: string | undefined
  found: Identity
  /** Of the request. */
  token: number
}

export interface Request {
  kind: number
  identity: Identity
  path?: string
  text?: Buffer
}

/** Requests to the joined process, and its answers. */
export interface Talk {
  /** The answer of id 0, which comes unasked. */
  greeting: Promise<Answer>
  /** Rejects when the process is lost. */
  ask(request: Request): Promise<Answer>
  /** No answer is waited for. */
  tell(request: Request): void
  /** The agent runs, or is about to: who does not answer soon is lost. */
  hurry(): void
}

/** What everybody hears who waits for an answer. */
export class HandLost extends Error {}

interface Waiting {
  resolve(answer: Answer): void
  reject(reason: Error): void
}

/** A token is not used twice, whichever process it was given by: a later one takes the masks over. */
let lastId = 0

/** `onLost` is called once: when the process is gone, or silent although something was asked. */
export function openTalk(stream: Duplex, onLost: (reason: Error) => void): Talk {
  const waiting = new Map<number, Waiting>()
  const giveUp = (reason: string): void => {
    const error = new HandLost(`the helper in the box ${reason}`)
    patience.end()
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
    stream.destroy()
    onLost(error)
  }
  const patience = makePatience(() => giveUp('did not answer'))
  let limit = LONG_PATIENCE
  stream.on('error', () => {})
  stream.on('close', () => giveUp('is gone'))
  readAnswers(stream, (answer) => {
    waiting.get(answer.token)?.resolve(answer)
    waiting.delete(answer.token)
    patience.begin(waiting.size > 0 ? limit : undefined)
  })
  const expect = (id: number): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (stream.destroyed) reject(new HandLost('the helper in the box is gone'))
      else waiting.set(id, { resolve, reject })
    })
  patience.begin(limit)
  return {
    greeting: expect(0),
    ask(request) {
      const id = ++lastId
      if (waiting.size === 0) patience.begin(limit)
      const answer = expect(id)
      if (!stream.destroyed) stream.write(encode(id, request))
      return answer
    },
    tell(request) {
      if (!stream.destroyed) stream.write(encode(++lastId, request))
    },
    hurry() {
      limit = PATIENCE
      if (waiting.size > 0) patience.begin(limit)
    },
  }
}

/** Calls `onEnd` that long after the last `begin`, but never before what has come meanwhile was read. */
function makePatience(onEnd: () => void): { begin(limit: number | undefined): void; end(): void } {
  let timer: NodeJS.Timeout | undefined
  let round = 0
  const end = (): void => {
    round++
    clearTimeout(timer)
  }
  return {
    end,
    begin(limit) {
      end()
      if (limit === undefined) return
      const mine = round
      // If this process itself was busy or stopped, its timers run before it reads: let it read first.
      const late = (): void => void setImmediate(() => setImmediate(() => mine === round && onEnd()))
      timer = setTimeout(late, limit)
      timer.unref()
    },
  }
}

function encode(id: number, { kind, identity, path = '', text = Buffer.alloc(0) }: Request): Buffer {
  const where = toBytes(path)
  const header = Buffer.alloc(HEADER)
  const view = new DataView(header.buffer, header.byteOffset)
  view.setUint32(0, kind, LITTLE)
  view.setUint32(4, id, LITTLE)
  putIdentity(view, 8, identity)
  view.setUint32(24, where.length, LITTLE)
  view.setUint32(28, text.length, LITTLE)
  return Buffer.concat([header, where, text])
}

function putIdentity(view: DataView, at: number, { dev, ino }: Identity): void {
  view.setBigUint64(at, BigInt(dev), LITTLE)
  view.setBigUint64(at + 8, BigInt(ino), LITTLE)
}

export function identityBytes(identity: Identity): Buffer {
  const bytes = Buffer.alloc(16)
  putIdentity(new DataView(bytes.buffer, bytes.byteOffset), 0, identity)
  return bytes
}

function readAnswers(stream: Duplex, onAnswer: (answer: Answer) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (; rest.length >= ANSWER; rest = rest.subarray(ANSWER)) onAnswer(decode(rest))
  })
}

function decode(bytes: Buffer): Answer {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const errno = view.getInt32(4, LITTLE)
  return {
    token: view.getUint32(0, LITTLE),
    error: errno === 0 ? undefined : (ERRNO_NAMES.get(errno) ?? `errno ${errno}`),
    found: { dev: String(view.getBigUint64(8, LITTLE)), ino: String(view.getBigUint64(16, LITTLE)) },
  }
}

/** libuv's own list, behind `getSystemErrorName`, lacks ESTALE and others. */
const ERRNO_NAMES = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]))
