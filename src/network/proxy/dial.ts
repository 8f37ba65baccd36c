import { lookup } from 'node:dns/promises'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { noteFlow, Refusal, type Access, type Route, type UpstreamProxy } from './access.ts'
import { throughSocks } from './socks-client.ts'
import { UPSTREAM_PATIENCE } from './streams.ts'

/** Milliseconds until the next address is tried beside the first. */
const STAGGER = 250
const PATIENCE = 15_000
const LARGEST_ANSWER = 16 << 10

export async function resolveName(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true, verbatim: true })
  return found.map(({ address }) => address)
}

export function dialAddress(address: string, port: number): Promise<Duplex> {
  return connected(connect({ host: address, port, allowHalfOpen: true, autoSelectFamily: false }))
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.destroy()
      reject(error)
    }
    const late = (): void => fail(new Error('no answer'))
    socket.setTimeout(PATIENCE, late).once('error', fail)
    socket.once('connect', () => {
      socket.setTimeout(0).off('timeout', late).off('error', fail)
      socket.setNoDelay(true).setKeepAlive(true, 60_000)
      resolve(socket)
    })
  })
}

/** Connects to where the route leads. Rejects with a `Refusal`. */
export async function dialRoute(access: Access, route: Route): Promise<Duplex> {
  const remote = await dialled(access, route).catch((error: unknown) => {
    throw new Refusal('unreachable', reasonOf(error), route.host)
  })
  noteFlow(access, route, remote)
  return remote
}

function dialled(access: Access, route: Route): Promise<Duplex> {
  if (route.upstream !== undefined) return tunnelThrough(route.upstream, route)
  return firstOf(route.addresses, (address) => access.dial(address, route.port))
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}

/** The first that connects; the others are dropped. Each has a head start before the next one. */
function firstOf(addresses: readonly string[], dial: (address: string) => Promise<Duplex>): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let won = false
    let failed = 0
    let next = 0
    let timer: NodeJS.Timeout | undefined
    const tryNext = (): void => {
      clearTimeout(timer)
      const address = addresses[next++]
      if (address === undefined || won) return
      if (next < addresses.length) timer = setTimeout(tryNext, STAGGER)
      dial(address).then(
        (socket) => {
          clearTimeout(timer)
          if (won) socket.destroy()
          else resolve(socket)
          won = true
          return undefined
        },
        (error: Error) => {
          if (++failed === addresses.length) reject(error)
          else tryNext()
        },
      )
    }
    tryNext()
  })
}

export async function dialUpstream(proxy: UpstreamProxy): Promise<Socket> {
  if (proxy.kind === 'unusable') throw new Error(`the proxy of this machine: ${proxy.reason}`)
  const { host, port } = proxy
  if (proxy.kind === 'socks' || !proxy.tls) return connected(connect({ host, port, allowHalfOpen: true }))
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host, port, servername: host, ALPNProtocols: ['http/1.1'] })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

/** A connection by way of the user's own proxy. */
async function tunnelThrough(proxy: UpstreamProxy, route: Route): Promise<Duplex> {
  const socket = await dialUpstream(proxy)
  if (proxy.kind === 'http') return await connectThrough(socket, proxy, route)
  return proxy.kind === 'socks' ? await throughSocks(socket, proxy, route) : socket
}

type HttpProxy = Extract<UpstreamProxy, { kind: 'http' }>

async function connectThrough(socket: Socket, proxy: HttpProxy, { host, port }: Route): Promise<Duplex> {
  const name = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const login = proxy.authorization === undefined ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`
  socket.write(`CONNECT ${name} HTTP/1.1\r\nHost: ${name}\r\n${login}\r\n`)
  const { head, rest } = await answerHead(socket)
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]
  if (status !== '200') {
    socket.destroy()
    throw new Error(`the proxy of this machine (${proxy.host}) answers ${status ?? 'nonsense'}`)
  }
  if (rest.length > 0) socket.unshift(rest)
  return socket
}

function answerHead(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0)
    const timer = setTimeout(() => fail(new Error('no answer')), UPSTREAM_PATIENCE)
    const stop = (): void => {
      clearTimeout(timer)
      socket.off('data', onData).off('error', fail).off('close', gone).pause()
    }
    const fail = (error: Error): void => {
      stop()
      socket.destroy()
      reject(error)
    }
    const gone = (): void => fail(new Error('the proxy of this machine hung up'))
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk])
      const end = seen.indexOf('\r\n\r\n')
      if (end < 0 && seen.length > LARGEST_ANSWER) return gone()
      if (end < 0) return
      stop()
      resolve({ head: seen.toString('latin1', 0, end), rest: seen.subarray(end + 4) })
    }
    socket.on('data', onData).on('error', fail).on('close', gone)
  })
}
