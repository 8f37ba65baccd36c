import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'

/** How much longer than a usual machine this one may take: an emulated one sets it. */
const SLOWNESS = Number(process.env['SLOWNESS'] ?? 1)

export interface Ended {
  status: number | null
  signal: NodeJS.Signals | null
  /** Bytes as latin1: what came out may be in any encoding, and a token must not hide in a bad one. */
  stdout: string
  stderr: string
}

export interface Running {
  child: ChildProcess
  pid: number
  ended: Promise<Ended>
  /** Resolves when standard output has the text; rejects when the program has ended without it. */
  says(text: string): Promise<void>
}

export interface SpawnInput {
  argv: readonly [string, ...string[]]
  cwd: string
  /** The whole environment. */
  env: Record<string, string>
  /** A descriptor to read from; without it the input is closed. */
  stdin?: number
  /** Descriptors from 3 on that the program inherits. */
  fds?: readonly number[]
  /** Milliseconds after which it is killed, on a usual machine. */
  limit?: number
}

/** Starts a program. It never outlives `limit`. */
export function start({ argv, cwd, env, stdin, fds = [], limit = 120_000 }: SpawnInput): Running {
  const stdio: StdioOptions = [stdin ?? 'ignore', 'pipe', 'pipe', ...fds]
  const child = spawn(argv[0], argv.slice(1), { cwd, env, stdio })
  const timer = setTimeout(() => child.kill('SIGKILL'), limit * SLOWNESS)
  let [stdout, stderr] = ['', '']
  const hopes = new Set<() => void>()
  child.stdout!.setEncoding('latin1').on('data', (text: string) => {
    stdout += text
    for (const look of hopes) look()
  })
  child.stderr!.setEncoding('latin1').on('data', (text: string) => void (stderr += text))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }))
  }).finally(() => clearTimeout(timer))
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stdout.includes(text)) resolve()
      }
      hopes.add(look)
      look()
      ended.then(
        () => reject(new Error(`ended without saying ${text}\n${stdout}\n${stderr}`)),
        (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
      )
    })
  return { child, pid: child.pid!, ended, says }
}

/** Runs a program to its end. */
export const run = (input: SpawnInput): Promise<Ended> => start(input).ended

/** Runs a program that must succeed; returns its standard output. */
export async function must(input: SpawnInput): Promise<string> {
  const done = await run(input)
  if (done.status !== 0)
    throw new Error(`${input.argv.join(' ')}: ${done.status ?? done.signal}\n${done.stdout}\n${done.stderr}`)
  return done.stdout
}

/** Asks again every 20 ms until it is true; false after `limit` milliseconds. What is true soon waits for nothing. */
export async function eventually(ask: () => boolean, limit = 30_000): Promise<boolean> {
  const end = Date.now() + limit * SLOWNESS
  while (!ask()) {
    if (Date.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return true
}
