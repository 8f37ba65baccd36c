import type { Duplex } from 'node:stream'
import { addressText } from '../rules/address.ts'
import { readHost, type Authority } from '../rules/host.ts'
import { admit, Refusal, type Access, type Route } from './access.ts'
import { collect } from './streams.ts'
import { carry } from './tunnel.ts'

const VERSION = 5
const CONNECT = 1
const REPLY = { ok: 0, failed: 1, refused: 2, unreachable: 4, command: 7, address: 8 } as const

export type SocksRequest =
  | { kind: 'request'; authority: Authority; size: number }
  | { kind: 'refused'; reply: number }

/** Client's greeting: version, number of methods, methods. Pure. */
export function readGreeting(bytes: Buffer): { size: number; noLogin: boolean } | undefined {
  if (bytes.length < 2 || bytes.length < 2 + bytes[1]!) return undefined
  const size = 2 + bytes[1]!
  return { size, noLogin: bytes.subarray(2, size).includes(0) }
}

/** `CONNECT` to an address or a name. Pure. */
export function readRequest(bytes: Buffer): SocksRequest | undefined {
  if (bytes.length < 4) return undefined
  const [version, command, , type] = bytes
  if (version !== VERSION) return { kind: 'refused', reply: REPLY.failed }
  if (command !== CONNECT) return { kind: 'refused', reply: REPLY.command }
  const length = type === 1 ? 4 : type === 4 ? 16 : type === 3 ? bytes[4] : -1
  if (length === undefined) return undefined
  if (length <= 0) return { kind: 'refused', reply: REPLY.address }
  const start = type === 3 ? 5 : 4
  const size = start + length + 2
  if (bytes.length < size) return undefined
  const host = bytes.subarray(start, start + length)
  const target = readHost(type === 3 ? host.toString('latin1') : addressText([...host]))
  const port = bytes.readUInt16BE(start + length)
  if (target === undefined || port === 0) return { kind: 'refused', reply: REPLY.address }
  return { kind: 'request', authority: { target, port }, size }
}

/** SOCKS5 without a log-in, names resolved here. `head`: what has been read already. */
export async function serveSocks(
  access: Access,
  client: Duplex,
  head: Buffer,
  plainHttp: (client: Duplex, route: Route, head: Buffer) => void,
): Promise<void> {
  const greeting = await collect(client, head, readGreeting)
  if (greeting === undefined) return void client.destroy()
  if (!greeting.value.noLogin) return void client.end(Buffer.from([VERSION, 0xff]))
  client.write(Buffer.from([VERSION, 0]))
  const asked = await collect(client, greeting.bytes.subarray(greeting.value.size), readRequest)
  if (asked === undefined) return void client.destroy()
  const { value, bytes } = asked
  if (value.kind === 'refused') return void client.end(reply(value.reply))
  let answered = false
  const answer = (code: number): void => {
    if (answered) return
    answered = true
    client.write(reply(code))
  }
  try {
    const route = await admit(access, value.authority, 'socks')
    await carry({
      access,
      client,
      route,
      via: 'socks',
      head: bytes.subarray(value.size),
      plainHttp,
      answers: { open: () => answer(REPLY.ok), refuse: (refusal) => answer(codeOf(refusal)) },
    })
  } catch (error) {
    answer(error instanceof Refusal ? codeOf(error) : REPLY.failed)
    client.end()
  }
}

function codeOf({ kind }: Refusal): number {
  return kind === 'policy' ? REPLY.refused : kind === 'unreachable' ? REPLY.unreachable : REPLY.failed
}

function reply(code: number): Buffer {
  return Buffer.from([VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0])
}
