import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fsPath } from '../../../src/host/bytes.ts'
import type { Identity } from '../../../src/plan/ops.ts'
import type { InsideAnswer, LiveLook } from '../../../src/session/inside.ts'
import { childrenOf } from '../../support/processes.ts'
import { idOf, type Who } from '../../support/who.ts'
import { makeBench, type Bench, type BoxOptions } from '../launcher/box.ts'

export const makeHandBench = (): Bench => makeBench('test/integration/hand/driver.ts')

/** A box with a shell in it that does what it is told, and a project that it may write. */
export interface HandBox {
  project: string
  node: ChildProcess
  /** Pid 1 of the box. */
  pid: number
  /** What the driver offers; a rejection is `{ thrown }`. */
  call(name: string, ...args: unknown[]): Promise<unknown>
  mask(path: string, look?: LiveLook, is?: Identity): Promise<InsideAnswer>
  /** Runs a script in the box's shell: what it prints, without its last line end. */
  inside(script: string): Promise<string>
  /** Makes a file of the project, by default, as the user's. */
  file(name: string, content?: string): string
  dir(name: string): string
  /** The joined process that `launch` forked. */
  joiner(): number
  /** Ends the box; resolves with the standard error. */
  end(): Promise<string>
}

let count = 0

interface HandOptions extends BoxOptions {
  /** What answers as a shell does, in place of bash. */
  command?: readonly string[]
  /** A directory that is there, and in the box. */
  project?: string
}

export async function openBox(bench: Bench, who: Who, options: HandOptions = {}): Promise<HandBox> {
  const project = options.project ?? join(bench.dir, `project-${count}`)
  const own = (path: string): string => {
    chownSync(fsPath(path), idOf(who), idOf(who))
    return path
  }
  if (options.project === undefined) mkdirSync(project)
  own(project)
  const orders = join(bench.dir, `orders-${count++}`)
  const argv = bench.argv(who, options.command ?? ['bash'], {
    ...options,
    bwrapArgs: [...(options.bwrapArgs ?? []), '--bind', project, project, '--chdir', project],
    spec: { orders, sockets: true, ...options.spec },
  })
  const node = spawn(argv[0], argv.slice(1), { cwd: bench.dir, env: { PATH: '/usr/bin:/bin' } })
  let stderr = ''
  node.stderr.setEncoding('latin1').on('data', (chunk: string) => (stderr += chunk))
  const ended = new Promise<string>((resolve) => node.once('close', () => resolve(stderr)))
  const shell = talkToShell(node, options.command === undefined)
  await shell.run('echo up')
  const call = talkToDriver(connect(orders))
  const file = (name: string, content = 'SECRET'): string => {
    const path = join(project, name)
    writeFileSync(fsPath(path), content)
    return own(path)
  }
  const pid = (await call('pid')) as number
  return {
    ...{ project, node, pid, call, inside: shell.run, file },
    mask: (path, look = { kind: 'empty' }, is = identityOf(path)) =>
      call('mask', path, look, is) as Promise<InsideAnswer>,
    dir(name) {
      const path = join(project, name)
      mkdirSync(fsPath(path))
      chmodSync(fsPath(path), 0o755)
      return own(path)
    },
    joiner: () => joinerOf(node.pid!),
    end() {
      node.stdin.end()
      return ended
    },
  }
}

export function identityOf(path: string): Identity {
  const { dev, ino } = lstatSync(fsPath(path), { bigint: true })
  return { dev: String(dev), ino: String(ino) }
}

function joinerOf(node: number): number {
  const [launch] = childrenOf(node)
  return childrenOf(launch!).find((pid) => readFileSync(`/proc/${pid}/comm`, 'latin1') !== 'bwrap\n')!
}

/** Pids of all processes that are in the mount namespace of that process's, or were started from the file. */
export function processesOf(namespace: string, helper: string): number[] {
  const has = (pid: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/ns/mnt`) === namespace || readlinkSync(`/proc/${pid}/exe`) === helper
    } catch {
      return false
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && has(name))
    .map(Number)
}

export const mountNamespace = (pid: number): string => readlinkSync(`/proc/${pid}/ns/mnt`)

/** Lines of the box's mount table that name the path. */
export const mountsOf = (pid: number, path: string): string[] =>
  readFileSync(`/proc/${pid}/mountinfo`, 'latin1')
    .split('\n')
    .filter((line) => line.split(' ')[4] === path)

function talkToShell(node: ChildProcess, scripted: boolean): { run(script: string): Promise<string> } {
  let text = ''
  let waiting: { resolve(text: string): void; reject(error: Error): void } | undefined
  node.stdout!.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
    const end = text.indexOf('\u0001')
    if (end < 0) return
    waiting?.resolve(text.slice(0, end).replace(/\n$/, ''))
    text = text.slice(end + 1)
  })
  node.once('close', () => waiting?.reject(new Error(`the box has ended: ${text}`)))
  const run = (script: string): Promise<string> =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject }
      node.stdin!.write(scripted ? `{ ${script}\n} 2>&1 < /dev/null; printf '\\001'\n` : `${script}\n`)
    })
  return { run }
}

function talkToDriver(socket: Socket): HandBox['call'] {
  const waiting = new Map<number, (result: unknown) => void>()
  socket.on('close', () => waiting.forEach((resolve) => resolve({ thrown: 'the driver has ended' })))
  let next = 0
  socket.on('error', () => {})
  createInterface({ input: socket }).on('line', (line) => {
    const { id, result } = JSON.parse(line) as { id: number; result: unknown }
    waiting.get(id)?.(result)
  })
  return (call, ...args) =>
    new Promise((resolve) => {
      const id = next++
      waiting.set(id, resolve)
      socket.write(`${JSON.stringify({ id, call, args })}\n`)
    })
}
