import { spawn, type ChildProcess } from 'node:child_process'
import type { Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getSystemErrorName } from 'node:util'
import { fail } from '../errors.ts'
import { toBytes } from '../host/bytes.ts'
import type { Identity } from '../plan/ops.ts'

/** The same in native/join.h. */
const KIND = {
  empty: 1,
  deny: 2,
  text: 3,
  rewrite: 4,
  unmask: 5,
  protect: 6,
  listen: 7,
  connect: 8,
  link: 9,
} as const
const HEADER = 32
const ANSWER = 32
/** Milliseconds: a process that does nothing but answer is gone or stopped if it takes longer. */
const PATIENCE = 1000

/** What is to be seen in place of a file. Over a directory each of them is an empty directory. */
export type LiveLook = { kind: 'empty' } | { kind: 'deny' } | { kind: 'text'; text: string }

export interface InsideAnswer {
  /** The errno's name, or undefined: it is done. `EEXIST`: something else than was expected stands there. */
  error?: string | undefined
  /** What stands at the path now, seen from inside. */
  found: Identity
  /** For `rewrite`, of a mask with text. */
  token: number
}

/**
 * agentbox's hand in a running box (native/join.c): it mounts and makes sockets in the box's namespaces and
 * runs nothing there. Paths are absolute, without links, surrogate-escaped. A call rejects only when the
 * hand is lost; `lost` tells that, too.
 */
export interface Inside {
  /** Resolves when it is in the box; rejects if that is impossible. */
  joined: Promise<void>
  /** Covers what stands at the path if it is `expected` (on the host, by device and inode). */
  mask(path: string, look: LiveLook, expected: Identity | undefined): Promise<InsideAnswer>
  /** Changes the text of a mask, by the token of the call that made it. */
  rewrite(token: number, text: string): Promise<InsideAnswer>
  /** Takes away what covers the path if that is `mounted`. */
  unmask(path: string, mounted: Identity): Promise<InsideAnswer>
  /** Makes the path read-only if it is `expected`. */
  protect(path: string, expected: Identity | undefined): Promise<InsideAnswer>
  /** Puts a symbolic link in the place of a file, if that is `expected`. Kernels before 5.10 may refuse. */
  link(path: string, to: string, expected: Identity): Promise<InsideAnswer>
  /** A server on 127.0.0.1:port of the box. Rejects with `io` if the port is taken. */
  listen(port: number): Promise<Server>
  /** A connection to 127.0.0.1:port of the box; errors come as the socket's events. */
  connect(port: number): Promise<Socket>
  /** The process is gone or does not answer. Called once, never after `close`. */
  lost: Promise<void>
  close(): void
}

/** A process of its own that joins the box with this pid 1, in place of the one that `launch` forked. */
export function joinBox(helper: string, pid: number, sockets: boolean): Inside {
  const child = spawn(helper, ['join', String(pid), ...(sockets ? ['sockets'] : [])], {
    cwd: '/',
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', ...(sockets ? ['ipc' as const] : [])],
  })
  child.on('error', () => {})
  return openInside(child, child.stdio[3] as Duplex)
}

interface Waiting {
  resolve(answer: InsideAnswer): void
  reject(reason: Error): void
  timer: NodeJS.Timeout
}

/** Also over several helpers of a box: masks with text are files that are named after it. */
let nextId = 1

interface Talk {
  stream: Duplex
  waiting: Map<number, Waiting>
  /** Sockets come over another channel than the answers. */
  sockets: Map<number, Server | Socket>
  onSocket: Map<number, (socket: Server | Socket) => void>
  /** Milliseconds: when the last answer came. */
  heard: number
  giveUp(reason: Error): void
}

/** Talks to the joined process of `child` over `stream`; the greeting is answer 0. */
export function openInside(child: ChildProcess, stream: Duplex): Inside {
  let tellLost = (): void => {}
  const lost = new Promise<void>((resolve) => (tellLost = resolve))
  const talk: Talk = {
    stream,
    waiting: new Map(),
    sockets: new Map(),
    onSocket: new Map(),
    heard: 0,
    giveUp(reason) {
      for (const { reject, timer } of talk.waiting.values()) {
        clearTimeout(timer)
        reject(reason)
      }
      talk.waiting.clear()
      stream.destroy()
      tellLost()
    },
  }
  readAnswers(talk)
  readSockets(talk, child)
  const joined = greeted(expect(talk, 0, 10 * PATIENCE))
  // Whoever waits for it hears of a failure; a box that fails earlier has nobody who waits.
  joined.catch(() => {})
  return { ...calls(talk), joined, lost, close: () => void stream.destroy() }
}

async function greeted(greeting: Promise<InsideAnswer>): Promise<void> {
  const { error } = await greeting
  if (error !== undefined) fail({ code: 'box-not-joined', reason: error })
}

function calls(talk: Talk): Omit<Inside, 'joined' | 'lost' | 'close'> {
  const none = { dev: '0', ino: '0' }
  return {
    mask: (path, look, expected = none) =>
      send(talk, KIND[look.kind], expected, path, look.kind === 'text' ? look.text : ''),
    rewrite: (token, text) => send(talk, KIND.rewrite, { dev: String(token), ino: '0' }, '', text),
    unmask: (path, mounted) => send(talk, KIND.unmask, mounted, path),
    protect: (path, expected = none) => send(talk, KIND.protect, expected, path),
    link: (path, to, expected) => send(talk, KIND.link, expected, path, to),
    listen: (port) => socketFor<Server>(talk, KIND.listen, port),
    connect: (port) => socketFor<Socket>(talk, KIND.connect, port),
  }
}

function send(
  talk: Talk,
  kind: number,
  { dev, ino }: Identity,
  path: string,
  text = '',
): Promise<InsideAnswer> {
  const [where, what] = [toBytes(path), Buffer.from(text, 'utf8')]
  const id = nextId++
  const header = Buffer.alloc(HEADER)
  const view = new DataView(header.buffer, header.byteOffset)
  view.setUint32(0, kind, LITTLE)
  view.setUint32(4, id, LITTLE)
  view.setBigUint64(8, BigInt(dev), LITTLE)
  view.setBigUint64(16, BigInt(ino), LITTLE)
  view.setUint32(24, where.length, LITTLE)
  view.setUint32(28, what.length, LITTLE)
  const answer = expect(talk, id, PATIENCE)
  talk.stream.write(Buffer.concat([header, where, what]))
  return answer
}

const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

function expect(talk: Talk, id: number, patience: number): Promise<InsideAnswer> {
  return new Promise((resolve, reject) => {
    // One that answers others is only busy. If this process was, the answer may be here by now.
    const timer = setTimeout(() => setImmediate(judge), patience).unref()
    const judge = (): void => {
      if (!talk.waiting.has(id)) return
      if (performance.now() - talk.heard < patience) timer.refresh()
      else talk.giveUp(new Error(`the helper in the box did not answer`))
    }
    if (talk.stream.destroyed) {
      clearTimeout(timer)
      reject(new Error('the helper in the box is gone'))
    } else talk.waiting.set(id, { resolve, reject, timer })
  })
}

function readAnswers(talk: Talk): void {
  const { stream, waiting } = talk
  let rest: Buffer = Buffer.alloc(0)
  stream.on('error', () => {})
  stream.on('close', () => talk.giveUp(new Error('the helper in the box is gone')))
  stream.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    talk.heard = performance.now()
    for (; rest.length >= ANSWER; rest = rest.subarray(ANSWER)) {
      const view = new DataView(rest.buffer, rest.byteOffset)
      const token = view.getUint32(0, LITTLE)
      const errno = view.getInt32(4, LITTLE)
      const found = { dev: String(view.getBigUint64(8, LITTLE)), ino: String(view.getBigUint64(16, LITTLE)) }
      const one = waiting.get(token)
      waiting.delete(token)
      clearTimeout(one?.timer)
      one?.resolve({ token, found, error: errno === 0 ? undefined : getSystemErrorName(-errno) })
    }
  })
}

function readSockets({ sockets, onSocket }: Talk, child: ChildProcess): void {
  child.channel?.unref()
  child.on('message', (message, handle) => {
    const { id } = message as { id: number }
    const waiting = onSocket.get(id)
    onSocket.delete(id)
    if (waiting === undefined) sockets.set(id, handle as Server | Socket)
    else waiting(handle as Server | Socket)
  })
}

async function socketFor<T extends Server | Socket>(talk: Talk, kind: number, port: number): Promise<T> {
  const { error, token } = await send(talk, kind, { dev: String(port), ino: '0' }, '')
  if (error !== undefined) {
    const action = kind === KIND.listen ? 'listen on' : 'connect to'
    return fail({ code: 'io', action, path: `port ${port} of the box`, reason: error })
  }
  const early = talk.sockets.get(token)
  talk.sockets.delete(token)
  if (early !== undefined) return early as T
  return new Promise((resolve) => talk.onSocket.set(token, (socket) => resolve(socket as T)))
}
