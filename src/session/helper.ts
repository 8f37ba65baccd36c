import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fail } from '../errors.ts'
import { readRegular } from '../host/files.ts'
import { statFields } from '../host/processes.ts'

const LARGEST_CAPTURE = 64 << 10

/** The native helper before it has been told what to start. */
export interface Helper {
  /** Absolute. */
  path: string
  child: ChildProcess
  /** Sockets in the box's network will be asked of `Inside`. */
  sockets: boolean
  /** Ends it, if it is not to start anything. */
  dismiss(): void
}

/**
 * Starts the helper; not more, so that it gets ready while this process is still at work. A helper that cannot
 * be started is told of by `launch`, which must follow in the same turn of the event loop, or `dismiss`.
 */
export function startHelper(path: string, sockets: boolean): Helper {
  const child = spawn(path, ['launch', ...(sockets ? ['sockets'] : [])], {
    cwd: '/',
    env: {},
    stdio: [
      ...(['inherit', 'inherit', 'inherit', 'pipe', 'pipe', 'pipe'] as const),
      ...(sockets ? ['ipc' as const] : []),
    ],
  })
  return {
    path,
    child,
    sockets,
    dismiss() {
      child.on('error', () => {})
      // Where descriptors ran out it has none, whatever its type says.
      const streams = child.stdio as ChildProcess['stdio'] | undefined
      for (const stream of streams ?? []) stream?.destroy()
      if (child.connected) child.disconnect()
    },
  }
}

/** Milliseconds between two looks, and how many of them. */
const [BETWEEN, LOOKS] = [100, 50]

/**
 * Somebody may have stopped the helper, which would hear of nothing then; it catches what stops a job. A stop takes
 * effect only when the process has its turn, so it is looked for again for some seconds.
 */
export function wake(child: ChildProcess): void {
  let left = LOOKS
  const look = (): void => {
    if (left-- === 0 || child.exitCode !== null || child.signalCode !== null) return clearInterval(round)
    const [state] = statFields(readRegular(`/proc/${child.pid}/stat`, 4096)?.toString('latin1') ?? '')
    if (state === 'T') child.kill('SIGCONT')
  }
  const round = setInterval(look, BETWEEN).unref()
  look()
}

/** The first 64 KB of what the stream tells, when it is asked for. */
export function collect(stream: Readable): () => string {
  const chunks: Buffer[] = []
  let room = LARGEST_CAPTURE
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => {
    if (room > 0) chunks.push(chunk.subarray(0, room))
    room -= chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('latin1')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) onLine(line)
  })
}

/** Node tells why a little later; where descriptors ran out it has not even made the streams. */
export function unstarted(child: ChildProcess, helper: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      try {
        if (cause.code === 'ENOENT' || cause.code === 'EACCES')
          fail({ code: 'helper-missing', path: helper }, cause)
        fail({ code: 'io', action: 'start', path: helper, reason: cause.message }, cause)
      } catch (error) {
        reject(error)
      }
    })
  })
}

/** Resolves when it has ended and its streams are closed; rejects if it could not be started. */
export function closed(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('close', () => resolve())
    child.once('error', reject)
  })
}
