import { createServer, type Server, type Socket } from 'node:net'
import type { Door } from '../network/orders.ts'
import type { Verdict } from '../network/proxy/index.ts'
import { join } from '../network/proxy/streams.ts'
import { CREDENTIAL_PORT, MOST_CONNECTIONS, PROXY_PORT } from '../network/places.ts'
import { closedRules, compileRules, type Rules } from '../network/rules/decide.ts'
import type { Policy } from '../policy/types.ts'
import type { Journal } from './journal.ts'
import type { HeldBox } from './launcher.ts'
import { startNetworkProcess, type NetworkProcess } from './network-process.ts'
import type { Prepared } from './prepare.ts'

/** Milliseconds. */
const WARM_UP = 100

/** The ways between a running box and the network. */
export interface BoxNetwork {
  /** From now on these rules count, also for what is open. They must not be wider than those before. */
  restrict(network: Policy['network']): Promise<void>
  /** Resolves when the journal has everything that was decided. */
  close(): Promise<void>
}

/** How the outside is reached. Nothing of a policy or an environment gets here. */
export interface Outside {
  /** The bundle that serves a box; another one in tests. */
  program: string
  /** For `run --learn-permit`. */
  permissive?: boolean | undefined
}

interface Surrounding {
  journal: Journal
  /** Tells the user at once. */
  warn(text: string): void
  outside: Outside
}

/** Does this box need sockets in its own network? */
export function needsSockets({ network: { mode, ports, expose } }: Policy): boolean {
  return mode.value !== 'host' && (mode.value === 'allow' || ports.length + expose.length > 0)
}

/**
 * Opens the ways that the policy gives, before the agent starts: the proxy, ports of this machine, ports of
 * the box. Rejects where one inside cannot be had. What serves them is started when the agent runs already:
 * until then the kernel keeps its connections waiting.
 */
export async function openNetwork(
  box: HeldBox,
  prepared: Prepared,
  surrounding: Surrounding,
): Promise<BoxNetwork> {
  const { policy } = prepared.situation
  if (!needsSockets(policy)) return { async close() {}, async restrict() {} }
  const entrance = makeEntrance(prepared, surrounding)
  const exposing = makeExposing(box, surrounding)
  try {
    for (const [port, door] of doorsOf(prepared)) entrance.attach(await box.inside.listen(port), door)
  } catch (error) {
    await entrance.close()
    throw error
  }
  for (const { value } of policy.network.expose) await exposing.add(value)
  return {
    async restrict(now) {
      exposing.keep(now.expose.map(({ value }) => value))
      await entrance.restrict(now)
    },
    async close() {
      exposing.keep([])
      await entrance.close()
    },
  }
}

/** What listens in the box, by its port there. */
function doorsOf({ plan, situation }: Prepared): [port: number, door: Door][] {
  const { network, credentials } = situation.policy
  const ports = network.ports.map(({ value: port }): [number, Door] => [port, { kind: 'port', port }])
  if (plan.network !== 'allow') return ports
  const added = [...credentials.keys()].map((index): [number, Door] => [
    CREDENTIAL_PORT + index,
    { kind: 'credential', index },
  ])
  return [[PROXY_PORT, { kind: 'proxy' }], ...added, ...ports]
}

interface Entrance {
  attach(server: Server, door: Door): void
  restrict(network: Policy['network']): Promise<void>
  close(): Promise<void>
}

/** Sockets of the box that wait for the process that serves them. With none of them there is no such process. */
function makeEntrance({ profile, situation }: Prepared, { journal, warn, outside }: Surrounding): Entrance {
  const { policy, env, facts } = situation
  const { permissive = false, program } = outside
  const waiting = new Map<Server, Door>()
  let rules = rulesOf(policy.network, profile.hosts)
  let serving: NetworkProcess | undefined
  const start = (): NetworkProcess => {
    if (serving !== undefined) return serving
    const credentials = policy.credentials.map(({ value }) => value)
    serving = startNetworkProcess({
      program,
      env,
      begin: { do: 'begin', rules, credentials, home: facts.home, permissive },
      onVerdict: (verdict, times) =>
        journal.record({ kind: 'network', ...verdict, ...(times > 1 ? { times } : {}) }),
      onLost(reason) {
        journal.record({ kind: 'degraded', part: 'network', reason })
        warn(`network: ${reason}; this box reaches nothing any more`)
      },
    })
    for (const [server, door] of waiting) serving.serve(door, server)
    waiting.clear()
    return serving
  }
  // While the agent starts: a launch does not wait for it, and the first request hardly.
  const soon = setTimeout(() => waiting.size > 0 && start(), WARM_UP).unref()
  const shut = (unless: (door: Door) => boolean): void => {
    for (const [server, door] of waiting) {
      if (unless(door)) continue
      waiting.delete(server)
      server.close()
    }
  }
  return {
    attach(server, door) {
      waiting.set(server, door)
      server.maxConnections = MOST_CONNECTIONS
      // Nothing is read here: who serves it gets everything.
      Object.assign(server, { pauseOnConnect: true })
      server.on('error', () => {})
      server.on('connection', (client) => {
        client.on('error', () => client.destroy())
        start().take(door, client)
      })
    },
    async restrict(now) {
      const ports = now.ports.map(({ value }) => value)
      rules = rulesOf(now, profile.hosts)
      shut((door) => door.kind !== 'port' || ports.includes(door.port))
      await serving?.restrict(rules, ports)
    },
    async close() {
      clearTimeout(soon)
      shut(() => false)
      await serving?.end()
    },
  }
}

function rulesOf(network: Policy['network'], agentHosts: readonly string[]): Rules {
  const listed = compileRules(network, agentHosts)
  return network.mode.value === 'none' ? closedRules(listed, network.mode) : listed
}

interface Exposing {
  add(port: number): Promise<void>
  /** Closes all others, and what came through. */
  keep(ports: readonly number[]): void
}

/** Ports of the box, for this machine. Who connects there is of this machine. */
function makeExposing(box: HeldBox, { journal, warn }: Surrounding): Exposing {
  const open = new Map<number, { server: Server; sockets: Set<Socket> }>()
  return {
    async add(port) {
      const server = await exposed(port).catch((error: NodeJS.ErrnoException) => {
        const reason = `port ${port} of this machine ${error.code === 'EADDRINUSE' ? 'is taken' : `cannot be had: ${error.code}`}`
        journal.record({ kind: 'degraded', part: 'network.expose', reason })
        warn(`expose: ${reason}; what the box serves there is not reachable in this session`)
      })
      if (server === undefined) return
      const sockets = new Set<Socket>()
      open.set(port, { server, sockets })
      server.maxConnections = MOST_CONNECTIONS
      server.on('error', () => {})
      server.on('connection', (client) => {
        sockets.add(client)
        client.on('close', () => sockets.delete(client)).on('error', () => client.destroy())
        client.setNoDelay(true)
        boxPort(port, box, client, (verdict) => journal.record({ kind: 'network', ...verdict }))
      })
    },
    keep(ports) {
      for (const [port, { server, sockets }] of open) {
        if (ports.includes(port)) continue
        open.delete(port)
        server.close()
        for (const socket of sockets) socket.destroy()
      }
    },
  }
}

/** A port of the box, for this machine. */
function boxPort(port: number, box: HeldBox, client: Socket, report: (verdict: Verdict) => void): void {
  report({ decision: 'allowed', host: '127.0.0.1', port, rule: 'network.expose', via: 'expose' })
  box.inside.connect(port).then(
    (remote) => join(client, remote),
    () => client.resetAndDestroy(),
  )
}

function exposed(port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server.off('error', reject)))
  })
}
