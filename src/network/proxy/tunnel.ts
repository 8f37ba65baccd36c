import type { Duplex } from 'node:stream'
import { parseAddress } from '../rules/address.ts'
import { Refusal, type Access, type Route, type Via } from './access.ts'
import { LARGEST_HELLO, readHello } from './client-hello.ts'
import { dialRoute } from './dial.ts'
import { collect, finish, join } from './streams.ts'

/** How a front end tells its client what became of the tunnel. */
export interface Answers {
  open(): void
  refuse(refusal: Refusal): void
}

interface Tunnel {
  access: Access
  client: Duplex
  route: Route
  via: Via
  /** What the client sent together with its request. */
  head: Buffer
  answers: Answers
  /** For what a tunnel to port 80 carries: requests, whose hosts are checked one by one. */
  plainHttp(client: Duplex, route: Route, head: Buffer): void
}

/** `no-name`: TLS that does not say for which host, although a name was asked for. */
type First = 'tls' | 'http' | 'other' | 'no-name' | 'wrong-name' | 'broken'

/**
 * Carries an admitted tunnel. On the ports of the web the client speaks first: what it says is looked at
 * before anything is dialled. On a port that the policy names itself the server may be first.
 */
export async function carry(tunnel: Tunnel): Promise<void> {
  const { client, route, answers } = tunnel
  try {
    if (route.port === 443 || route.port === 80) await clientFirst(tunnel)
    else await serverFirst(tunnel)
  } catch (error) {
    answers.refuse(error instanceof Refusal ? error : new Refusal('unreachable', String(error), route.host))
    client.destroy()
  }
}

async function clientFirst(tunnel: Tunnel): Promise<void> {
  const { access, client, route, head, answers } = tunnel
  answers.open()
  const first = await collect(client, head, (bytes) => firstOf(bytes, route))
  if (first === undefined) return void client.destroy()
  const { bytes, value } = first
  if (value === 'http' && route.port === 80) return tunnel.plainHttp(client, route, bytes)
  const problem = problemOf(value, route)
  if (problem !== undefined) return refuseLate(tunnel, problem)
  const remote = await dialRoute(access, route)
  if (client.destroyed) return void remote.destroy()
  remote.write(bytes)
  join(client, remote)
}

async function serverFirst(tunnel: Tunnel): Promise<void> {
  const { access, client, route, head, answers } = tunnel
  const remote = await dialRoute(access, route)
  if (client.destroyed) return void remote.destroy()
  answers.open()
  const gone = (): void => void remote.destroy()
  const failed = (): void => void client.destroy()
  const ended = (): void => finish(remote, client)
  client.on('close', gone)
  remote.on('error', failed).on('close', ended)
  remote.pipe(client)
  const first = await collect(client, head, (bytes) => firstOf(bytes, route), Number.POSITIVE_INFINITY)
  // It has nothing to say; what the server says still goes to it.
  if (first === undefined) return void remote.end()
  const problem = problemOf(first.value, route)
  if (problem !== undefined) {
    remote.destroy()
    return refuseLate(tunnel, problem)
  }
  remote.unpipe(client).off('error', failed).off('close', ended)
  client.off('close', gone)
  remote.write(first.bytes)
  join(client, remote)
}

/** The tunnel stands already, so that only the log can say why it ends. */
function refuseLate({ access, client, route, via }: Tunnel, rule: string): void {
  access.report({ decision: 'refused', host: route.host, port: route.port, rule, via })
  client.destroy()
}

/** What the first bytes are, undefined while that is open. */
function firstOf(bytes: Buffer, route: Route): First | undefined {
  if (bytes[0] !== 22) return isHttp(bytes[0]!) ? 'http' : 'other'
  const hello = readHello(bytes)
  switch (hello.kind) {
    case 'more':
      return bytes.length > 2 * LARGEST_HELLO ? 'broken' : undefined
    case 'broken':
      return 'broken'
    case 'hello':
      if (hello.serverName === undefined) return isAddress(route.host) ? 'tls' : 'no-name'
      return hello.serverName.toLowerCase() === route.host ? 'tls' : 'wrong-name'
  }
}

function isAddress(host: string): boolean {
  return parseAddress(host) !== undefined
}

/** A method begins with a letter. */
function isHttp(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
}

function problemOf(first: First, { port, exact }: Route): string | undefined {
  switch (first) {
    case 'tls':
      return undefined
    case 'wrong-name':
      return 'the TLS server name is another one than asked for'
    case 'no-name':
      return exact ? undefined : 'TLS without a server name'
    case 'broken':
      return exact && port !== 443 && port !== 80 ? undefined : 'broken TLS'
    case 'http':
    case 'other':
      return exact ? undefined : `only TLS on port ${port}, unless the entry names the port`
  }
}
