import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { readAuthority, targetText, type Authority } from '../rules/host.ts'
import { admit, noteFlow, ownFront, Refusal, refusalNow, type Access, type Route } from './access.ts'
import { dialRoute, dialUpstream } from './dial.ts'
import { forward, type Onward } from './forward.ts'
import { makeTurns } from './in-turn.ts'
import { refusalMessage, refusalText, statusOf } from './refusal.ts'
import { PATIENCE } from './streams.ts'
import { carry } from './tunnel.ts'

const LIMITS = {
  maxHeaderSize: 32 << 10,
  insecureHTTPParser: false,
  keepAliveTimeout: 65_000,
  requestTimeout: 0,
}
const MOST_HEADERS = 200

/** Serves HTTP on connections that it is given: requests in absolute form, and CONNECT. */
export interface HttpFront {
  serve(client: Duplex): void
  /** A connection whose requests all go to one place: a tunnel to port 80. */
  serveTunnel(client: Duplex, route: Route, head: Buffer): void
}

export function httpFront(access: Access): HttpFront {
  const heads = headTimers()
  const routes = new WeakMap<object, Route>()
  const inTurn = makeTurns()
  const server = createServer(LIMITS, (request, response) => {
    heads.done(request.socket)
    response.on('close', () => heads.expect(request.socket))
    inTurn(request, response, () => serveRequest(access, request, response, routes.get(request.socket)))
  })
  // None is silently left out; `serveRequest` counts them.
  server.maxHeadersCount = 0
  const front: HttpFront = {
    serve(client) {
      heads.expect(client)
      server.emit('connection', client)
    },
    serveTunnel(client, route, head) {
      routes.set(client, route)
      if (head.length > 0) client.unshift(head)
      front.serve(client)
      client.resume()
    },
  }
  onTrouble(server)
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    heads.done(client)
    if (routes.has(client)) return void client.destroy()
    void serveConnect(access, request, client, head, front)
  })
  return front
}

/** Whoever does not finish a request's head in time is cut off. */
function headTimers() {
  const timers = new WeakMap<object, NodeJS.Timeout>()
  const done = (client: Duplex): void => clearTimeout(timers.get(client))
  return {
    done,
    expect(client: Duplex): void {
      done(client)
      // Between requests a client may keep its connection for a while.
      const again = timers.has(client)
      timers.set(client, setTimeout(() => client.destroy(), again ? 75_000 : PATIENCE).unref())
      if (!again) client.once('close', () => done(client))
    },
  }
}

function onTrouble(server: Server): void {
  server.on('clientError', (_: Error, client: Duplex) => {
    if (client.writable && !client.destroyed) {
      client.end(refusalMessage(new Refusal('malformed', 'the request cannot be read')))
    } else client.destroy()
  })
}

async function serveConnect(
  access: Access,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  front: HttpFront,
): Promise<void> {
  client.on('error', () => client.destroy())
  let opened = false
  const open = (): void => {
    opened = true
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
  }
  const refuse = (refusal: Refusal): void => {
    if (!opened) client.end(refusalMessage(refusal))
    opened = true
  }
  try {
    const authority = readAuthority(request.url ?? '', undefined)
    if (authority === undefined) throw new Refusal('malformed', 'CONNECT needs HOST:PORT')
    const own = ownFront(access, authority)
    if (own !== undefined) {
      open()
      if (head.length > 0) client.unshift(head)
      own(client)
      return void client.resume()
    }
    const route = await admit(access, authority, 'connect')
    await carry({
      access,
      client,
      route,
      via: 'connect',
      head,
      plainHttp: front.serveTunnel.bind(front),
      answers: { open, refuse },
    })
  } catch (error) {
    refuse(refusalOf(error))
  }
}

async function serveRequest(
  access: Access,
  request: IncomingMessage,
  response: ServerResponse,
  tunnel: Route | undefined,
): Promise<void> {
  try {
    const { authority, path } = tunnel === undefined ? absolute(request) : within(request, tunnel)
    // Decided each time anew: a tunnel's later requests as its first.
    const route =
      tunnel === undefined ? await admit(access, authority, 'http', 'http') : still(access, tunnel)
    await forward(request, response, await onwardTo(access, route, path))
  } catch (error) {
    const refusal = refusalOf(error)
    if (response.headersSent) return void response.destroy()
    response.writeHead(statusOf(refusal), {
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Agentbox': 'refused',
      Connection: 'close',
    })
    response.end(refusalText(refusal))
  }
}

function still(access: Access, tunnel: Route): Route {
  const rule = refusalNow(access, tunnel)
  if (rule === undefined) return tunnel
  const { host, port } = tunnel
  access.report({ decision: 'refused', host, port, rule, via: 'http' })
  throw new Refusal('policy', rule, host)
}

/** The user's own proxy is given requests in absolute form too: many refuse CONNECT to port 80. */
async function onwardTo(access: Access, route: Route, path: string): Promise<Onward> {
  if (route.upstream?.kind !== 'http') return { socket: await dialRoute(access, route), path }
  const { authorization } = route.upstream
  const host = route.host.includes(':') ? `[${route.host}]` : route.host
  const socket = await dialUpstream(route.upstream).catch((error: Error) => {
    throw new Refusal('unreachable', error.message, route.host)
  })
  noteFlow(access, route, socket)
  return {
    socket,
    path: `http://${host}:${route.port}${path}`,
    add: authorization === undefined ? [] : [['Proxy-Authorization', authorization]],
  }
}

interface Asked {
  authority: Authority
  path: string
}

function absolute(request: IncomingMessage): Asked {
  const match = /^http:\/\/([^/?#\\]*)([/?][^#]*)?$/i.exec(request.url ?? '')
  if (match === null) {
    throw new Refusal('malformed', 'this is a proxy: ask for http://HOST/PATH, or CONNECT for anything else')
  }
  const authority = readAuthority(match[1]!, 80)
  if (authority === undefined) throw new Refusal('malformed', 'the host in the URL cannot be read')
  checkHeaders(request, authority)
  const path = match[2] ?? '/'
  return { authority, path: path.startsWith('?') ? `/${path}` : path }
}

function within(request: IncomingMessage, { host, port }: Route): Asked {
  const authority = readAuthority(host.includes(':') ? `[${host}]` : host, port)
  const path = request.url ?? ''
  if (authority === undefined || !path.startsWith('/')) {
    throw new Refusal('malformed', 'the request in the tunnel cannot be read')
  }
  checkHeaders(request, authority)
  return { authority, path }
}

/** Exactly one Host, which says the same as the URL. */
function checkHeaders(request: IncomingMessage, { target, port }: Authority): void {
  const { rawHeaders } = request
  if (rawHeaders.length > 2 * MOST_HEADERS) throw new Refusal('malformed', 'too many headers')
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'host')
  if (hosts.length === 0 && request.httpVersion === '1.0') return
  const named = hosts.length === 1 ? readAuthority(hosts[0]!, 80) : undefined
  if (named === undefined || targetText(named.target) !== targetText(target) || named.port !== port) {
    throw new Refusal('malformed', 'the Host header is another one than asked for')
  }
}

function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal('unreachable', (error as Error).message)
}
