import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type * as ProxyModule from '../network/proxy/index.ts'
import type { Access, Verdict } from '../network/proxy/index.ts'
import { CREDENTIAL_PORT, PROXY_PORT } from '../network/places.ts'
import { closedRules, compileRules, type Rules } from '../network/rules/decide.ts'
import type { Policy } from '../policy/types.ts'
import type { Journal } from './journal.ts'
import type { HeldBox } from './launcher.ts'
import type { Prepared } from './prepare.ts'

/** Milliseconds. */
const WARM_UP = 100

/** More at once than any agent needs; each costs two descriptors. */
const MOST_CONNECTIONS = 1000

/** The ways between a running box and the network. */
export interface BoxNetwork {
  /** From now on these rules count, also for what is open. They must not be wider than those before. */
  restrict(network: Policy['network']): void
  close(): void
}

type Proxy = typeof ProxyModule
type Serve = (client: Socket, proxy: Proxy) => void

/**
 * In place of the real network: for tests, and `permissive` for `run --learn-permit`. Nothing of a policy or an
 * environment gets here.
 */
export type Outside = Partial<Access>

interface Surrounding {
  journal: Journal
  /** Tells the user at once. */
  warn(text: string): void
  outside?: Outside | undefined
}

/** Does this box need sockets in its own network? */
export function needsSockets({ network: { mode, ports, expose } }: Policy): boolean {
  return mode.value !== 'host' && (mode.value === 'allow' || ports.length + expose.length > 0)
}

/**
 * Opens the ways that the policy gives, before the agent starts: the proxy, ports of this machine, ports of
 * the box. Rejects where one inside cannot be had. What serves them is loaded when the agent runs already:
 * until then the kernel keeps its connections waiting.
 */
export async function openNetwork(
  box: HeldBox,
  prepared: Prepared,
  { journal, warn, outside = {} }: Surrounding,
): Promise<BoxNetwork> {
  const { load, attach, close } = makeDoors()
  if (!needsSockets(prepared.situation.policy)) return { close: () => close(), restrict() {} }
  const { network, credentials } = prepared.situation.policy
  const report = (verdict: Verdict): void => journal.record({ kind: 'network', ...verdict })
  const fronts = frontsOf(prepared, report, outside)
  try {
    if (prepared.plan.network === 'allow') {
      attach(await box.inside.listen(PROXY_PORT), fronts.proxy, 'proxy')
      for (const index of credentials.keys()) {
        attach(await box.inside.listen(CREDENTIAL_PORT + index), fronts.credential(index), 'proxy')
      }
    }
    for (const { value } of network.ports)
      attach(await box.inside.listen(value), hostPort(value, report), `ports ${value}`)
  } catch (error) {
    close()
    throw error
  }
  for (const { value } of network.expose) {
    const server = await exposed(value).catch((error: NodeJS.ErrnoException) => {
      const reason = `port ${value} of this machine ${error.code === 'EADDRINUSE' ? 'is taken' : `cannot be had: ${error.code}`}`
      journal.record({ kind: 'degraded', part: 'network.expose', reason })
      warn(`expose: ${reason}; what the box serves there is not reachable in this session`)
    })
    if (server !== undefined) attach(server, boxPort(value, box, report), `expose ${value}`)
  }
  // While the agent starts: a launch does not wait for it, and the first request hardly.
  const soon = setTimeout(() => void load(), WARM_UP)
  return {
    restrict(now) {
      const kept = new Set([
        ...now.ports.map(({ value }) => `ports ${value}`),
        ...now.expose.map(({ value }) => `expose ${value}`),
      ])
      close((key) => key === 'proxy' || kept.has(key))
      fronts.restrict(now)
    },
    close() {
      clearTimeout(soon)
      close()
    },
  }
}

interface Doors {
  load(): Promise<Proxy>
  attach(server: Server, serve: Serve, key: string): void
  /** Closes all of them, and what came through, but for those whose key is to be kept. */
  close(unless?: (key: string) => boolean): void
}

function makeDoors(): Doors {
  const open = new Map<Server, { key: string; sockets: Set<Socket> }>()
  const close: Doors['close'] = (unless = () => false) => {
    for (const [server, { key, sockets }] of open) {
      if (unless(key)) continue
      open.delete(server)
      server.close()
      for (const socket of sockets) socket.destroy()
    }
  }
  let proxy: Promise<Proxy> | undefined
  const load = (): Promise<Proxy> => (proxy ??= import('../network/proxy/index.ts'))
  const attach: Doors['attach'] = (server, serve, key) => {
    const sockets = new Set<Socket>()
    open.set(server, { key, sockets })
    server.maxConnections = MOST_CONNECTIONS
    Object.assign(server, { allowHalfOpen: true })
    server.on('error', () => {})
    server.on('connection', (client) => {
      sockets.add(client)
      client.on('close', () => sockets.delete(client))
      client.on('error', () => client.destroy())
      client.setNoDelay(true)
      void load().then((loaded) => serve(client, loaded))
    })
  }
  return { load, attach, close }
}

/** The proxy, and a front for each credential, made when the first connection comes. */
function frontsOf(
  { profile, situation }: Prepared,
  report: (verdict: Verdict) => void,
  outside: Outside,
): { proxy: Serve; credential(index: number): Serve; restrict(network: Policy['network']): void } {
  const { policy, env, facts } = situation
  let { network } = policy
  const rules = (): Rules => {
    const listed = compileRules(network, profile.hosts)
    return network.mode.value === 'none' ? closedRules(listed, network.mode) : listed
  }
  let made: { access: Access; proxy: Proxy } | undefined
  const accessOf = (proxy: Proxy): Access => {
    if (made !== undefined) return made.access
    const own = new Map(
      credentials.map((serve, index) => [CREDENTIAL_PORT + index, (client: Duplex) => serve(client, proxy)]),
    )
    made = { access: { ...proxy.systemAccess(rules(), env, report), own, ...outside }, proxy }
    return made.access
  }
  const once = (make: (proxy: Proxy) => (client: Duplex) => void) => {
    let serve: ((client: Duplex) => void) | undefined
    return (client: Duplex, proxy: Proxy): void => (serve ??= make(proxy))(client)
  }
  const credentials = policy.credentials.map(({ value }) =>
    once((proxy) => proxy.credentialFront(accessOf(proxy), value, { env, home: facts.home })),
  )
  return {
    restrict(now) {
      network = now
      if (made === undefined) return
      made.access.rules = rules()
      made.proxy.closeRefused(made.access)
    },
    proxy: once((proxy) => proxy.proxy(accessOf(proxy))),
    credential: (index) => credentials[index]!,
  }
}

/** A port of this machine, for the box. */
function hostPort(port: number, report: (verdict: Verdict) => void): Serve {
  return (client, { dialAddress, join }) => {
    report({ decision: 'allowed', host: '127.0.0.1', port, rule: 'network.ports', via: 'port' })
    dialAddress('127.0.0.1', port).then(
      (remote) => join(client, remote),
      () => client.resetAndDestroy(),
    )
  }
}

/** A port of the box, for this machine. */
function boxPort(port: number, box: HeldBox, report: (verdict: Verdict) => void): Serve {
  return (client, { join }) => {
    report({ decision: 'allowed', host: '127.0.0.1', port, rule: 'network.expose', via: 'expose' })
    box.inside.connect(port).then(
      (remote) => join(client, remote),
      () => client.resetAndDestroy(),
    )
  }
}

function exposed(port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server.off('error', reject)))
  })
}
