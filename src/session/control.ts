import { createServer, type Socket } from 'node:net'
import { LARGEST_MESSAGE, withControlSocket, type SessionAnswer, type SessionRequest } from './registry.ts'

export interface Control {
  close(): void
}

/**
 * Answers what other commands of this user ask the session. The socket lies in the session's directory,
 * which is this user's alone and is in no box.
 */
export function openControl(
  dir: string,
  answer: (request: SessionRequest) => Promise<SessionAnswer>,
): Control {
  const server = createServer((socket) => serve(socket, answer))
  server.on('error', () => {})
  withControlSocket(dir, (path) => server.listen(path))
  server.unref()
  return { close: () => void server.close() }
}

function serve(socket: Socket, answer: (request: SessionRequest) => Promise<SessionAnswer>): void {
  let text = ''
  socket.setEncoding('utf8').setTimeout(30_000, () => socket.destroy())
  socket.on('error', () => {})
  socket.on('data', (chunk: string) => {
    text += chunk
    const end = text.indexOf('\n')
    if (end < 0 && text.length > LARGEST_MESSAGE) socket.destroy()
    if (end < 0) return
    const line = text.slice(0, end)
    text = ''
    void reply(socket, line, answer)
  })
}

async function reply(
  socket: Socket,
  line: string,
  answer: (request: SessionRequest) => Promise<SessionAnswer>,
): Promise<void> {
  let said: SessionAnswer
  try {
    said = await answer(parseRequest(line))
  } catch (error) {
    said = { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
  socket.end(`${JSON.stringify(said)}\n`)
}

/** Nothing but what is one. */
function withIdentity(request: Exclude<SessionRequest, { do: 'rescan' }>): SessionRequest {
  const { path } = request
  if (request.do === 'mask' || request.identity === undefined) return { do: request.do, path }
  const { dev, ino } = request.identity
  if (!/^\d+$/.test(dev) || !/^\d+$/.test(ino)) throw new Error('that is no identity')
  return { do: 'expect', path, identity: { dev, ino } }
}

function parseRequest(line: string): SessionRequest {
  const request = JSON.parse(line) as SessionRequest
  if (request.do === 'rescan') return { do: 'rescan' }
  if (
    (request.do === 'mask' || request.do === 'expect') &&
    typeof request.path === 'string' &&
    request.path.startsWith('/')
  )
    return withIdentity(request)
  throw new Error('the session does not know this request')
}
