import type { Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { CREDENTIAL_PORT, MOST_CONNECTIONS } from './places.ts'
import type { Door, News, Order } from './orders.ts'
import { closeRefused, credentialFront, dialAddress, join, proxy, systemAccess } from './proxy/index.ts'
import type { Access, Verdict } from './proxy/access.ts'
import { makeReporter } from './proxy/report.ts'
import type { Rules } from './rules/decide.ts'

/** Milliseconds. */
const SECOND = 1000

/**
 * The process that serves the network of one box. It is another one than the session's, whose masks must not wait for
 * what the box sends here, nor end with it. It ends when the session does. `outside`: in place of the real network,
 * for tests.
 */
export function serveBox(outside: Partial<Access> = {}): void {
  let box: Box | undefined
  const reporter = makeReporter((verdict, times) => tell({ kind: 'verdict', verdict, times }))
  const ticking = setInterval(() => reporter.tick(), SECOND).unref()
  process.on('message', (order: Order, socket: unknown) => {
    switch (order.do) {
      case 'begin':
        box = makeBox(order, reporter.report, outside)
        return tell({ kind: 'here' })
      case 'serve':
        return box?.serve(order.door, socket as Server | undefined)
      case 'client':
        return box?.take(order.door, socket as Socket | undefined)
      case 'restrict':
        box?.restrict(order.rules, order.ports)
        return tell({ kind: 'restricted' })
      case 'end':
        clearInterval(ticking)
        reporter.flush()
        return tell({ kind: 'end' })
    }
  })
  // oxlint-disable-next-line unicorn/no-process-exit
  process.on('disconnect', () => process.exit())
}

function tell(news: News): void {
  if (process.connected) process.send!(news, undefined, undefined, () => {})
}

interface Box {
  serve(door: Door, server: Server | undefined): void
  /** A connection that came before the server was handed over. */
  take(door: Door, client: Socket | undefined): void
  restrict(rules: Rules, ports: readonly number[]): void
}

type Begin = Extract<Order, { do: 'begin' }>

function makeBox(begin: Begin, report: Access['report'], outside: Partial<Access>): Box {
  const access = accessOf(begin, report, outside)
  const fronts = frontsOf(access, begin)
  const servers = new Map<Server, Door>()
  const clients = new Map<Socket, Door>()
  let isClosed = (_door: Door): boolean => false
  const take: Box['take'] = (door, client) => {
    if (client === undefined) return
    if (isClosed(door)) return void client.destroy()
    clients.set(client, door)
    client.allowHalfOpen = true
    client.on('close', () => clients.delete(client)).on('error', () => client.destroy())
    client.setNoDelay(true)
    fronts(door)(client)
  }
  return {
    take,
    serve(door, server) {
      if (server === undefined) return
      if (isClosed(door)) return void server.close()
      servers.set(server, door)
      server.maxConnections = MOST_CONNECTIONS
      Object.assign(server, { allowHalfOpen: true })
      server.on('error', () => {}).on('connection', (client) => take(door, client))
    },
    restrict(rules, ports) {
      access.rules = rules
      isClosed = (door) => door.kind === 'port' && !ports.includes(door.port)
      for (const [server, door] of servers) if (isClosed(door)) server.close()
      for (const [client, door] of clients) if (isClosed(door)) client.destroy()
      closeRefused(access)
    },
  }
}

function accessOf({ rules, permissive }: Begin, report: Access['report'], outside: Partial<Access>): Access {
  return { ...systemAccess(rules, process.env, report), permissive, ...outside }
}

function frontsOf(access: Access, { credentials, home }: Begin): (door: Door) => (client: Duplex) => void {
  const secrets = { env: process.env, home }
  const added = credentials.map((credential) => credentialFront(access, credential, secrets))
  access.own = new Map(added.map((serve, index) => [CREDENTIAL_PORT + index, serve]))
  const listed = proxy(access)
  return (door) => {
    switch (door.kind) {
      case 'proxy':
        return listed
      case 'credential':
        return added[door.index]!
      case 'port':
        return hostPort(door.port, access.report)
    }
  }
}

/** A port of this machine, for the box. */
function hostPort(port: number, report: (verdict: Verdict) => void): (client: Duplex) => void {
  return (client) => {
    report({ decision: 'allowed', host: '127.0.0.1', port, rule: 'network.ports', via: 'port' })
    dialAddress('127.0.0.1', port).then(
      (remote) => join(client, remote),
      () => (client as Socket).resetAndDestroy(),
    )
  }
}
