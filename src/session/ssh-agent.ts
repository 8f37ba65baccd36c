import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { fail } from '../errors.ts'
import { DIRECTORY, placeIn } from '../host/beneath.ts'
import { fsPath } from '../host/bytes.ts'
import { nameOf, parentOf } from '../host/paths.ts'
import { SSH_SOCKET } from '../plan/stages.ts'
import type { Prepared } from './prepare.ts'

/** Messages of the protocol (draft-miller-ssh-agent): which keys there are, and sign with one. */
const [LIST, SIGN, EXTENSION] = [11, 13, 27]
/** ssh tells the agent where it connects to, which can only restrict it. */
const EXTENSIONS = ['session-bind@openssh.com', 'query']
const REFUSAL = Buffer.of(5)
/** OpenSSH takes no longer ones. */
const LARGEST = 256 * 1024
const MOST_CONNECTIONS = 100

/**
 * The keys in the user's ssh agent can be used in the box, and that is all: its own socket would also take messages
 * that remove keys, add others, lock it, or make it load a library of the host's as a smart card. So a socket of the
 * session's stands there, which passes on what is needed and refuses the rest. Does nothing where the plan has none.
 */
export function serveSshAgent({ plan, situation }: Prepared): { close(): void } {
  const op = plan.ops.find(({ dest }) => dest === SSH_SOCKET)
  const { SSH_AUTH_SOCK: agent } = situation.env
  if (op?.kind !== 'bind' || agent === undefined) return { close() {} }
  const server = createServer((client) => {
    const upstream = connect(agent)
    const end = (): void => void (client.destroy(), upstream.destroy())
    for (const one of [client, upstream]) one.on('error', end).on('close', end)
    pass(client, upstream).finally(end).catch(end)
  })
  server.maxConnections = MOST_CONNECTIONS
  const dir = openSync(fsPath(parentOf(op.source)), DIRECTORY)
  listenAt(server, placeIn(dir, nameOf(op.source)), op.source)
  server.unref()
  return {
    close() {
      // It removes the socket, by the same path.
      server.close()
      closeSync(dir)
    },
  }
}

/**
 * `place`: the path of a socket may have a hundred bytes, that of a home more. Node listens at once and only tells
 * later why it cannot, and `launch` has to follow in this turn of the event loop (see `startHelper` in helper.ts).
 */
function listenAt(server: Server, place: string, path: string): void {
  server.on('error', () => {})
  server.listen(place)
  if (!server.listening)
    fail({ code: 'io', action: 'listen on', path, reason: 'no socket can be made there' })
}

async function pass(client: Socket, agent: Socket): Promise<void> {
  const answers = messagesOf(agent)
  for await (const message of messagesOf(client)) {
    let answer = REFUSAL
    if (isAllowed(message)) {
      await send(agent, message)
      const next = await answers.next()
      if (next.done === true) return
      answer = next.value
    }
    await send(client, answer)
  }
}

export function isAllowed(message: Buffer): boolean {
  const type = message[0]
  if (type === LIST || type === SIGN) return true
  if (type !== EXTENSION || message.length < 5) return false
  return EXTENSIONS.includes(message.toString('latin1', 5, 5 + message.readUInt32BE(1)))
}

/** One who asks and does not read the answers is waited for. */
async function send(to: Socket, message: Buffer): Promise<void> {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(message.length)
  if (!to.write(Buffer.concat([size, message]))) await once(to, 'drain')
}

/** Ends where a message is none. */
async function* messagesOf(stream: Socket): AsyncGenerator<Buffer<ArrayBuffer>> {
  let chunks: Buffer[] = []
  let [have, need] = [0, 4]
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer)
    have += (chunk as Buffer).length
    while (have >= need) {
      const all = Buffer.concat(chunks)
      const size = all.readUInt32BE(0)
      if (size === 0 || size > LARGEST) return
      const message = have >= 4 + size ? all.subarray(4, 4 + size) : undefined
      chunks = [message === undefined ? all : all.subarray(4 + size)]
      have = chunks[0]!.length
      need = message === undefined ? 4 + size : 4
      if (message === undefined) break
      yield message
    }
  }
}
