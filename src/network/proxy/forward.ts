import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { Refusal } from './access.ts'

/** Where a request goes on to. */
export interface Onward {
  /** Connected already, to the address that was decided about. */
  socket: Duplex
  /** As the next server is to read it. */
  path: string
  /** Headers that are added; the client's own of these names are left out. */
  add?: readonly (readonly [name: string, value: string])[] | undefined
  /** In place of the client's. */
  host?: string | undefined
}

/** Between this proxy and its client, or between it and the next one: never passed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
])

/** Whatever `Connection` says. */
const END_TO_END = ['host', 'content-length']

/**
 * Sends a request on and its answer back, neither held up. The message is taken apart and put together
 * anew, one request for each connection: what two servers could understand differently does not survive.
 */
export function forward(request: IncomingMessage, response: ServerResponse, onward: Onward): Promise<void> {
  return new Promise((resolve, reject) => {
    const { socket, path } = onward
    const out = httpRequest({
      method: request.method,
      path,
      headers: headersOf(request, onward),
      setHost: false,
      createConnection: () => socket,
    })
    const give = (error: Error): void => {
      out.destroy()
      socket.destroy()
      if (response.headersSent) response.destroy()
      // After the answer has begun this is without effect.
      reject(new Refusal('unreachable', (error as NodeJS.ErrnoException).code ?? error.message))
    }
    // Who talked to a proxy over it has left it paused.
    out.on('socket', () => socket.resume())
    out.on('error', give)
    // Not asked for; without a listener nobody would ever hear of it.
    out.on('upgrade', () => give(new Error('the answer is another protocol')))
    out.on('response', (answer) => {
      try {
        sendBack(answer, response)
      } catch (error) {
        // A status line that may be read, but not be written.
        return give(error as Error)
      }
      resolve()
      answer.on('error', () => response.destroy())
      answer.on('aborted', () => response.destroy())
    })
    response.on('close', () => {
      if (!response.writableFinished) out.destroy()
    })
    request.on('error', () => out.destroy())
    request.on('aborted', () => out.destroy())
    request.pipe(out)
  })
}

function headersOf(request: IncomingMessage, { add = [], host }: Onward): string[] {
  const replaced = new Set(add.map(([name]) => name.toLowerCase()))
  if (host !== undefined) replaced.add('host')
  const chunked = request.headers['transfer-encoding'] !== undefined
  return [
    ...passedOn(request.rawHeaders, request.headers.connection, replaced),
    ...(host === undefined ? [] : ['Host', host]),
    ...add.flat(),
    ...(chunked ? ['Transfer-Encoding', 'chunked'] : []),
    'Connection',
    'close',
  ]
}

function sendBack(answer: IncomingMessage, response: ServerResponse): void {
  // What Node reads there it does not always write, and a failing `writeHead` remembers it.
  if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(answer.statusMessage ?? ''))
    throw new Error('the answer has a broken status line')
  const headers = passedOn(answer.rawHeaders, answer.headers.connection, new Set())
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers as never)
  // A stream's first event may come much later.
  response.flushHeaders()
  answer.pipe(response)
}

function passedOn(raw: readonly string[], connection: string | undefined, dropped: Set<string>): string[] {
  const named = new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
  // A client that could have the length dropped would have a body read as the next request.
  for (const name of END_TO_END) named.delete(name)
  return raw.filter((_, at) => {
    const name = raw[at - (at % 2)]!.toLowerCase()
    return !HOP_BY_HOP.has(name) && !named.has(name) && !dropped.has(name)
  })
}
