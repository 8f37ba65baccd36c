import type { Duplex } from 'node:stream'
import type { Route, UpstreamProxy } from './access.ts'
import { collect, UPSTREAM_PATIENCE } from './streams.ts'

type Socks = Extract<UpstreamProxy, { kind: 'socks' }>

const VERSION = 5
const NO_LOGIN = 0
const LOGIN = 2
const REFUSED = 'the proxy of this machine refuses it'

/** Asks the user's own SOCKS5 proxy for the route; it resolves the name. `socket` is connected to it. */
export async function throughSocks(socket: Duplex, { login }: Socks, route: Route): Promise<Duplex> {
  // The end of it is what `collect` sees.
  socket.on('error', () => {})
  let rest: Buffer = Buffer.alloc(0)
  const answer = async (sizeOf: (bytes: Buffer) => number | undefined): Promise<Buffer> => {
    const enough = (bytes: Buffer): number | undefined => {
      const size = sizeOf(bytes)
      return size === undefined || bytes.length < size ? undefined : size
    }
    const got = await collect(socket, rest, enough, UPSTREAM_PATIENCE)
    if (got === undefined) throw new Error('the proxy of this machine hung up')
    rest = got.bytes.subarray(got.value)
    return got.bytes.subarray(0, got.value)
  }
  try {
    socket.write(Buffer.from(login === undefined ? [VERSION, 1, NO_LOGIN] : [VERSION, 2, NO_LOGIN, LOGIN]))
    const [, method] = await answer(() => 2)
    if (method === LOGIN && login !== undefined) {
      socket.write(Buffer.concat([Buffer.from([1]), sized(login.user), sized(login.password)]))
      if ((await answer(() => 2))[1] !== 0) throw new Error('the proxy of this machine refuses the log-in')
    } else if (method !== NO_LOGIN) throw new Error('the proxy of this machine wants another log-in')
    socket.write(request(route))
    const [version, code] = await answer(sizeOfReply)
    if (version !== VERSION || code !== 0) throw new Error(`${REFUSED} (SOCKS ${code})`)
  } catch (error) {
    socket.destroy()
    throw error
  }
  if (rest.length > 0) socket.unshift(rest)
  return socket
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text).subarray(0, 255)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

/** Always by name: also an address is only text to a proxy that resolves. */
function request({ host, port }: Route): Buffer {
  return Buffer.concat([Buffer.from([VERSION, 1, 0, 3]), sized(host), Buffer.from([port >> 8, port & 255])])
}

function sizeOfReply(bytes: Buffer): number | undefined {
  if (bytes[1] !== undefined && bytes[1] !== 0) return 2
  if (bytes.length < 5) return undefined
  const length = { 1: 4, 3: 1 + bytes[4]!, 4: 16 }[bytes[3]!]
  return length === undefined ? 2 : 4 + length + 2
}
