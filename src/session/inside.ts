import { spawn, type ChildProcess } from 'node:child_process'
import { Socket, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { fail } from '../errors.ts'
import { toBytes } from '../host/bytes.ts'
import type { Identity } from '../plan/ops.ts'
import { identityBytes, KIND, LARGEST_PATH, LARGEST_TEXT, openTalk } from './inside-talk.ts'
import type { Answer, Request, Talk } from './inside-talk.ts'

/** What is to be seen in place of a file. Over a directory each of them is an empty directory. */
export type LiveLook = { kind: 'empty' } | { kind: 'deny' } | { kind: 'text'; text: string }

export interface InsideAnswer extends Answer {
  /**
   * The errno's name, or undefined: it is done. `EEXIST`: something else than was expected stands there.
   * `ESTALE`, `ENOENT`: it was moved away meanwhile, and is covered where it is now.
   */
  error?: string | undefined
  /** What stands at the path now, seen from inside. */
  found: Identity
  /** For `rewrite`, of a mask with text. */
  token: number
  /** There was no room for the text: the mask is empty. */
  emptied: boolean
}

/**
 * agentbox's hand in a running box (native/join.c): it mounts and makes sockets in the box's namespaces and
 * runs nothing there. Paths are absolute, without links, surrogate-escaped. A call rejects only when the
 * hand is lost; `lost` tells that, too.
 */
export interface Inside {
  /** Resolves when it is in the box, with the device that its masks are on; rejects if that is impossible. */
  joined: Promise<string>
  /** Covers what stands at the path if it is `expected` (on the host, by device and inode). */
  mask(path: string, look: LiveLook, expected: Identity): Promise<InsideAnswer>
  /** Changes the text of a mask, by the token of the call that made it; `ENOENT` if that has no text. */
  rewrite(token: number, text: string): Promise<InsideAnswer>
  /** From now on covers at once what comes to stand there, if it is (no) directory; `mask` is still to be asked for. */
  again(path: string, as: { directory: boolean; deny: boolean }): void
  /** Takes away what covers the path if that is `mounted`, and what it covers is `covered` (on the host). */
  unmask(path: string, mounted: Identity, covered: Identity): Promise<InsideAnswer>
  /** Makes the path read-only if it is `expected`. */
  protect(path: string, expected: Identity): Promise<InsideAnswer>
  /** Makes the path, with all that is mounted in it, a mount of its own if it is `expected`: it cannot be renamed then. */
  pin(path: string, expected: Identity): Promise<InsideAnswer>
  /** Puts a symbolic link in the place of a file, if that is `expected`. Kernels before 5.10 may refuse. */
  link(path: string, to: string, expected: Identity): Promise<InsideAnswer>
  /** A server on 127.0.0.1:port of the box. Rejects with `io` if the port is taken. */
  listen(port: number): Promise<Server>
  /** A connection to 127.0.0.1:port of the box, not yet made. Fails with `io`, now or as the socket's event. */
  connect(port: number): Promise<Socket>
  /** The process is gone, or does not answer and is being ended. Resolves never after `close`. */
  lost: Promise<void>
  /** The agent is about to start: from now on the process is lost if it does not answer within a second. */
  hurry(): void
  close(): void
}

/**
 * A process of its own that joins the box in place of the one that `launch` forked. `process` is an open
 * /proc/PID of the box's pid 1, which no later process can be mistaken for.
 */
export function joinBox(helper: string, process: number, sockets: boolean): Inside {
  const child = spawn(helper, ['join', ...(sockets ? ['sockets'] : [])], {
    cwd: '/',
    env: {},
    stdio: [process, 'ignore', 'ignore', 'pipe', ...(sockets ? ['ipc' as const] : [])],
  })
  child.on('error', () => {})
  return openInside(child, child.stdio[3] as Duplex, () => void child.kill('SIGKILL'))
}

/** Talks to the joined process behind `stream`; `end` makes sure that it does nothing any more. */
export function openInside(child: ChildProcess, stream: Duplex, end: () => void): Inside {
  let closed = false
  let tellLost = (): void => {}
  const lost = new Promise<void>((resolve) => (tellLost = resolve))
  const handles = receiveHandles(child)
  const talk = openTalk(stream, (reason) => {
    handles.giveUp(reason)
    end()
    if (!closed) tellLost()
  })
  const joined = greeted(talk.greeting)
  // Whoever waits for it hears of a failure; a box that fails earlier has nobody who waits.
  joined.catch(() => {})
  const close = (): void => {
    closed = true
    stream.destroy()
  }
  return { ...mounts(talk), ...sockets(talk, handles), joined, lost, hurry: talk.hurry, close }
}

async function greeted(greeting: Promise<Answer>): Promise<string> {
  const { error, found } = await greeting
  if (error !== undefined) fail({ code: 'box-not-joined', reason: error })
  return found.dev
}

function mounts(talk: Talk): Omit<Inside, 'joined' | 'listen' | 'connect' | 'lost' | 'hurry' | 'close'> {
  /** The text behind each mask: when another one covers the path, its room is free. */
  const texts = new Map<string, number>()
  const forget = (path: string): void => {
    const token = texts.get(path)
    if (token !== undefined) talk.tell({ kind: KIND.forget, identity: numbered(token) })
    texts.delete(path)
  }
  const at = async (request: Request & { path: string }): Promise<InsideAnswer> => {
    if (toBytes(request.path).length > LARGEST_PATH)
      return { error: 'ENAMETOOLONG', found: numbered(0), token: 0, emptied: false }
    return { ...(await talk.ask(request)), emptied: false }
  }
  const mask: Inside['mask'] = async (path, look, identity) => {
    const text = look.kind === 'text' ? Buffer.from(look.text, 'utf8') : undefined
    const fits = text === undefined || text.length <= LARGEST_TEXT
    if (!fits) return { ...(await mask(path, { kind: 'empty' }, identity)), emptied: true }
    const answer = await at({
      kind: KIND[look.kind],
      identity,
      path,
      ...(text === undefined ? {} : { text }),
    })
    if (answer.error === 'ENOSPC' && text !== undefined)
      return { ...(await mask(path, { kind: 'empty' }, identity)), emptied: true }
    if (answer.error !== undefined) return answer
    forget(path)
    if (text !== undefined) texts.set(path, answer.token)
    return answer
  }
  return {
    mask,
    async rewrite(token, text) {
      const bytes = Buffer.from(text, 'utf8')
      if (bytes.length > LARGEST_TEXT) return { error: 'EFBIG', found: numbered(0), token, emptied: false }
      return at({ kind: KIND.rewrite, identity: numbered(token), path: '', text: bytes })
    },
    again(path, { directory, deny }) {
      const identity = { dev: directory ? '1' : '0', ino: deny ? '1' : '0' }
      if (toBytes(path).length <= LARGEST_PATH) talk.tell({ kind: KIND.again, identity, path })
    },
    async unmask(path, mounted, identity) {
      const answer = await at({ kind: KIND.unmask, identity, path, text: identityBytes(mounted) })
      if (answer.error === undefined) forget(path)
      return answer
    },
    protect: (path, identity) => at({ kind: KIND.protect, identity, path }),
    pin: (path, identity) => at({ kind: KIND.pin, identity, path }),
    link: (path, to, identity) => at({ kind: KIND.link, identity, path, text: toBytes(to) }),
  }
}

const numbered = (number: number): Identity => ({ dev: String(number), ino: '0' })

interface Handles {
  /** The socket that the request with this token made. */
  take(token: number): Promise<Server | Socket>
  giveUp(reason: Error): void
}

/** Sockets come over another channel than the answers, before or after them. */
function receiveHandles(child: ChildProcess): Handles {
  const early = new Map<number, Server | Socket>()
  const waiting = new Map<number, { resolve(socket: Server | Socket): void; reject(reason: Error): void }>()
  child.channel?.unref()
  child.on('message', (message, handle) => {
    const { id } = message as { id: number }
    const socket = handle as Server | Socket
    // It may fail before anybody has it to listen: see `connect`.
    if (socket instanceof Socket) socket.on('error', () => {})
    const one = waiting.get(id)
    waiting.delete(id)
    if (one === undefined) early.set(id, socket)
    else one.resolve(socket)
  })
  return {
    take(token) {
      const there = early.get(token)
      early.delete(token)
      if (there !== undefined) return Promise.resolve(there)
      return new Promise((resolve, reject) => waiting.set(token, { resolve, reject }))
    },
    giveUp(reason) {
      for (const { reject } of waiting.values()) reject(reason)
      for (const socket of early.values()) {
        if (socket instanceof Socket) socket.destroy()
        else socket.close()
      }
      waiting.clear()
      early.clear()
    },
  }
}

function sockets(talk: Talk, handles: Handles): Pick<Inside, 'listen' | 'connect'> {
  const socketFor = async (kind: number, action: string, port: number): Promise<Server | Socket> => {
    const failed = (reason: string): never =>
      fail({ code: 'io', action, path: `port ${port} of the box`, reason })
    const { error, token } = await talk.ask({ kind, identity: numbered(port) })
    if (error !== undefined) return failed(error)
    const socket = await handles.take(token)
    if (!(socket instanceof Socket) || socket.errored === null) return socket
    return failed((socket.errored as NodeJS.ErrnoException).code ?? socket.errored.message)
  }
  return {
    listen: (port) => socketFor(KIND.listen, 'listen on', port) as Promise<Server>,
    connect: (port) => socketFor(KIND.connect, 'connect to', port) as Promise<Socket>,
  }
}
