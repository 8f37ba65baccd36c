import { spawn, type ChildProcess } from 'node:child_process'
import type { Server, Socket } from 'node:net'
import type { Door, News, Order } from '../network/orders.ts'
import type { Verdict } from '../network/proxy/index.ts'
import type { Rules } from '../network/rules/decide.ts'

/** Milliseconds: its last words are not worth more. */
const PATIENCE = 2000
/** Megabytes. What a box sends could never fill more than this of the machine's memory. */
const MEMORY = 256
/** What a terminal sends to the foreground ends it between fork and setsid, where it is of the foreground still. */
const OF_THE_TERMINAL = new Set<NodeJS.Signals | null>(['SIGINT', 'SIGQUIT'])
/** Whoever holds Ctrl-C down gets no more of them. */
const STARTS = 5

/** The process that serves a box's network, see `serveBox`. */
export interface NetworkProcess {
  /** Hands a listening socket over: nothing that comes by it passes this process any more. */
  serve(door: Door, server: Server): void
  /** A connection that has come already; nothing of it may have been read. */
  take(door: Door, client: Socket): void
  /** Resolves when it is so. */
  restrict(rules: Rules, ports: readonly number[]): Promise<void>
  /** Resolves when everything has been told that was decided. */
  end(): Promise<void>
}

interface Input {
  /** A bundle. */
  program: string
  /** The user's own: it may lead by way of a proxy, and have credentials. */
  env: Readonly<Record<string, string | undefined>>
  begin: Extract<Order, { do: 'begin' }>
  onVerdict(verdict: Verdict, times: number): void
  /** It has ended by itself: there is no network any more. */
  onLost(reason: string): void
}

export function startNetworkProcess(input: Input): NetworkProcess {
  let child: ChildProcess
  let [here, gone, ending] = [false, false, false]
  const waiting: (() => void)[] = []
  const release = (): void => waiting.splice(0).forEach((resolve) => resolve())
  // What comes before somebody listens there would be served, or obeyed, by nobody.
  const orders: (() => void)[] = []
  const handOver = (): void => orders.splice(0).forEach((hand) => hand())
  const send = (order: Order, socket?: Server | Socket, done = (): void => {}): void => {
    // Where it is gone nobody takes the socket, and nobody may wait for it.
    if (child.connected) child.send(order, socket, done)
    else done()
  }
  const give = (order: Order, socket?: Server | Socket, done?: () => void): void => {
    orders.push(() => send(order, socket, done))
    if (here || gone) handOver()
  }
  const ask = (order: Order): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve)
      give(order)
      if (gone) release()
    })
  let tellEnd = (): void => {}
  const end = new Promise<void>((resolve) => (tellEnd = resolve))
  const lost = (reason: string): void => {
    gone = true
    tellEnd()
    release()
    handOver()
    if (!ending) input.onLost(reason)
  }
  const begin = (again: number): void => {
    child = startChild(input)
    child.on('message', (news: News) => {
      if (news.kind === 'here') {
        here = true
        handOver()
      } else if (news.kind === 'verdict') input.onVerdict(news.verdict, news.times)
      else release()
    })
    child.once('exit', (code, signal) => {
      if (!here && !ending && again > 0 && OF_THE_TERMINAL.has(signal)) begin(again - 1)
      else lost(`the process that serves it has ended (${signal ?? `status ${code}`})`)
    })
    child.on('error', (error) => child.pid === undefined && lost(`it cannot be served: ${error.message}`))
    send(input.begin)
  }
  begin(STARTS - 1)
  return {
    serve: (door, server) => give({ do: 'serve', door }, server, () => void server.close()),
    take: (door, client) => give({ do: 'client', door }, client, () => void client.destroy()),
    restrict: (rules, ports) => ask({ do: 'restrict', rules, ports }),
    async end() {
      ending = true
      // Before it has begun it has decided nothing.
      if (here) await within(PATIENCE, ask({ do: 'end' }))
      child.kill('SIGKILL')
      await within(PATIENCE, end)
    },
  }
}

/** A session of its own: what the terminal sends to the foreground is for the agent. */
function startChild({ program, env }: Input): ChildProcess {
  const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY}`, program], {
    cwd: '/',
    // What this process itself was started with, see `userEnv`.
    env: { ...env, NODE_OPTIONS: process.env['NODE_OPTIONS'] },
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  child.unref()
  child.channel?.unref()
  return child
}

/** Keeps this process alive meanwhile, and no longer. */
async function within(limit: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, limit)))
  await Promise.race([work, late])
  clearTimeout(timer)
}
