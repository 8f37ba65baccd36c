// Stands in for the supervisor: runs the box that a JSON file describes, and lets a socket order its hand about.
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Identity } from '../../../src/plan/ops.ts'
import { startHelper } from '../../../src/session/helper.ts'
import type { Inside, LiveLook } from '../../../src/session/inside.ts'
import { livingIn } from './living.ts'
import { endStatus, launch, type HeldBox, type LaunchInput } from '../../../src/session/launcher.ts'

type Spec = Omit<LaunchInput, 'seccomp' | 'onReady'> & {
  helper: string
  sockets?: boolean
  seccomp: string
  orders: string
}
export interface Order {
  id: number
  call: string
  args: never[]
}

const [file, ...command] = process.argv.slice(2)
const spec = JSON.parse(readFileSync(file!, 'utf8')) as Spec
let orders: Server | undefined

const end = await launch(startHelper(spec.helper, spec.sockets === true), {
  ...spec,
  command,
  seccomp: Buffer.from(spec.seccomp, 'base64'),
  onReady: (box) =>
    new Promise((resolve) => {
      orders = createServer((socket) => serve(box, socket)).listen(spec.orders, resolve)
    }),
})
orders?.close()
process.exit(endStatus(end))

function serve(box: HeldBox, socket: Socket): void {
  const calls = callsOf(box)
  createInterface({ input: socket }).on('line', (line) => {
    const { id, call, args } = JSON.parse(line) as Order
    const answer = (result: unknown): boolean => socket.write(`${JSON.stringify({ id, result })}\n`)
    const done = calls[call]!(...args)
    void Promise.resolve(done).then(answer, (error: unknown) => answer({ thrown: text(error) }))
  })
}

function text(error: unknown): string {
  return (error as { problem?: { reason?: string } }).problem?.reason ?? (error as Error).message
}

function callsOf(box: HeldBox): Record<string, (...args: never[]) => unknown> {
  const inside = (): Inside => box.inside
  return {
    ...livingIn(box),
    pid: () => box.pid,
    mask: (path: string, look: LiveLook, is: Identity) => inside().mask(path, look, is),
    maskAll: (all: [string, Identity][]) =>
      Promise.all(all.map(([path, is]) => inside().mask(path, { kind: 'empty' }, is))),
    rewrite: (token: number, content: string) => inside().rewrite(token, content),
    unmask: (path: string, mask: Identity, covered: Identity) => inside().unmask(path, mask, covered),
    protect: (path: string, is: Identity) => inside().protect(path, is),
    pin: (path: string, is: Identity) => inside().pin(path, is),
    again: (path: string, as: { directory: boolean; deny: boolean }) => inside().again(path, as),
    link: (path: string, to: string, is: Identity) => inside().link(path, to, is),
    listen: async (port: number) => {
      const server = await inside().listen(port)
      server.unref().on('connection', (socket: Socket) => socket.end(`from outside, ${port}\n`))
    },
    connect: async (port: number) => read(await inside().connect(port)),
    connectOnly: async (port: number) => void (await inside().connect(port)).on('error', () => {}).unref(),
    lost: async () => {
      await inside().lost
      return true
    },
    rejoin: () => box.rejoin(),
    ended: () => box.ended,
    freeze: () => box.freeze(),
    thaw: () => box.thaw(),
    /** This process does nothing else for that many milliseconds. */
    block: (time: number) => {
      for (const over = Date.now() + time; Date.now() < over;) continue
    },
    /** The same, right after a request to the hand. */
    maskAndBlock: (path: string, is: Identity, time: number) => {
      const answer = inside().mask(path, { kind: 'empty' }, is)
      for (const over = Date.now() + time; Date.now() < over;) continue
      return answer
    },
    /** The same until a file is there, so that no limit of time is over before the answer is. */
    maskAndBlockUntil: (path: string, is: Identity, file: string) => {
      const answer = inside().mask(path, { kind: 'empty' }, is)
      for (const over = Date.now() + 30_000; Date.now() < over && !existsSync(file);) continue
      return answer
    },
  }
}

function read(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let all = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (all += chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code)))
    socket.on('end', () => resolve(all))
  })
}
