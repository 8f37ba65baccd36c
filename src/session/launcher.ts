import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import type { Readable, Duplex } from 'node:stream'
import { AgentboxError, fail } from '../errors.ts'
import { readRegular } from '../host/files.ts'
import { isExiting, statFields } from '../host/processes.ts'
import type { Limits } from './cgroup.ts'
import { joinBox, openInside, type Inside } from './inside.ts'
import { HandLost } from './inside-talk.ts'
import { encodeRequest } from './request.ts'
import { dieBySignal, stopSelf, watchSignals } from './signals.ts'

export interface LaunchInput {
  /** Absolute: bubblewrap on the host. */
  bwrap: string
  /** bwrap's options; all strings here may be surrogate-escaped. `--seccomp` and the command are added. */
  bwrapArgs: readonly string[]
  /** argv of the agent; argv[0] without a slash is looked for on the PATH of `env`, inside. */
  command: readonly string[]
  /** Where the box has the helper. */
  initPath: string
  /** The whole environment of the agent, and of bwrap. */
  env: Readonly<Record<string, string>>
  seccomp: Buffer
  /** Contents of the descriptors FIRST_DATA_FD, FIRST_DATA_FD + 1, … that `bwrapArgs` name. */
  data: readonly Buffer[]
  /** Limits of single processes, and of how many the user may have; from the latter the kernel exempts root. */
  limits?: Limits
  /** What makes bwrap and everything in the box members of control groups, see `Cgroup.entrances`. */
  groups?: readonly string[] | undefined
  /** The soft limit on open descriptors that the agent gets: Node has raised its own. */
  openFiles?: number | undefined
  /** Runs when the box stands and is held; throwing ends it. */
  onReady(box: HeldBox): void | Promise<void>
}

/** A box before its agent starts, and while it runs. */
export interface HeldBox {
  /** Pid 1 of the box, seen from here. */
  pid: number
  /** Another one after `rejoin`. */
  inside: Inside
  /** Nothing runs in it any more, or nothing will in a moment. */
  ended: boolean
  /** Starts another process in place of the lost one. */
  rejoin(): Promise<void>
  /** Stops everything in the box until `thaw`; resolves when it stands still. */
  freeze(): Promise<void>
  thaw(): void
  /** Stops everything in the box for ever: what would end a program ends the box from now on. */
  freezeForGood(): void
  /** Ends the box at once, whatever runs in it. */
  end(): void
}

export type AgentEnd =
  | { kind: 'exited'; code: number }
  | { kind: 'killed'; signal: number }
  | { kind: 'exec-failed'; errno: number }
  /** `stderr` is what bwrap said, at most 64 KB of it. */
  | { kind: 'setup-failed'; stderr: string; status: number }

interface Progress {
  end?: AgentEnd
  error?: unknown
  box?: HeldBox
  /** Lets go of the box, when nothing of it is left. */
  release?: () => void
  /** Whoever waits for a freeze. */
  onHeld: (() => void)[]
  /** It was frozen, and is not to go on. */
  forGood: boolean
}

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

interface Launching {
  input: LaunchInput
  helper: Helper
  control: Duplex
  inside: Inside
  progress: Progress
}

/* Lines of the helper: ready PID, started, mark SIGNAL, stopped SIGNAL, held, ending, then how it ended. */
const LARGEST_CAPTURE = 64 << 10
const SIGKILL = 9
/** SIGHUP, SIGINT, SIGQUIT, SIGTERM. */
const ENDING: ReadonlySet<number> = new Set([1, 2, 3, 15])
const SIGTTIN = 21
const SIGTTOU = 22

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
      for (const stream of child.stdio) stream?.destroy()
      if (child.connected) child.disconnect()
    },
  }
}

/**
 * Builds the box, lets `onReady` look at it, runs the agent in it with this process's standard streams,
 * and waits for its end. Terminal, signals and job control are the agent's in between (native/launch.c).
 * Nothing of the box is left when it returns, unless the helper itself was killed: then it is being ended.
 * Rejects with what `onReady` threw, or `helper-missing` or `io`.
 */
export async function launch(helper: Helper, input: LaunchInput): Promise<AgentEnd> {
  const { child } = helper
  const request = encodeRequest(input)
  if (child.pid === undefined) return await unstarted(child, helper.path)
  const [control, captured, requests] = child.stdio.slice(3) as unknown as [Duplex, Readable, Duplex]
  const capture = collect(captured)
  const inside = openInside(child, requests, () => void control.write('unjoin\n'))
  const progress: Progress = { onHeld: [], forGood: false }
  const unwatch = watchSignals((number) => {
    if (ENDING.has(number)) wake(child)
    // What is stopped would get it when it goes on, which it never does.
    if (progress.forGood && ENDING.has(number)) control.write('end\n')
    else control.write(`signal ${number}\n`)
  })
  // The helper may end while something is being written to it; its end is what counts.
  control.on('error', () => {})
  eachLine(control, (line) => handleLine(line, { input, helper, control, inside, progress }))
  control.write(request)
  try {
    await closed(child)
  } finally {
    unwatch()
    if (progress.box !== undefined) progress.box.ended = true
    progress.release?.()
    inside.close()
  }
  if ('error' in progress) throw progress.error
  return withCapture(progress.end, capture())
}

/**
 * The exit status that stands for the end. If a signal ended the agent, this process dies by the same
 * signal instead, where that leaves no core file.
 */
export function endStatus(end: AgentEnd): number {
  switch (end.kind) {
    case 'exited':
      return end.code
    case 'killed':
      dieBySignal(end.signal)
      return 128 + end.signal
    case 'exec-failed':
      return end.errno === 2 ? 127 : 126
    case 'setup-failed':
      return 125
  }
}

function handleLine(line: string, launching: Launching): void {
  const { control, progress } = launching
  const [word, text] = line.split(' ')
  const value = Number(text)
  if (word === 'ready') void hold(value, launching)
  else if (word === 'mark') answer(value, control)
  else if (word === 'stopped') stop(value, control)
  else if (word === 'ending' && progress.box !== undefined) progress.box.ended = true
  else if (word === 'held') progress.onHeld.splice(0).forEach((resolve) => resolve())
  else if (word !== 'started' && word !== 'ending') finish(word ?? '', value, control, progress)
}

/** Somebody may have stopped the helper, which would hear of nothing then. It catches what stops a job. */
function wake(child: ChildProcess): void {
  const [state] = statFields(readRegular(`/proc/${child.pid}/stat`, 4096)?.toString('latin1') ?? '')
  if (state === 'T') child.kill('SIGCONT')
}

/** The last line. Closing our end lets the helper go; it waits, so that none of our writes can fail before. */
function finish(word: string, value: number, control: Duplex, progress: Progress): void {
  if (word === 'exited') progress.end = { kind: 'exited', code: value }
  else if (word === 'killed') progress.end = { kind: 'killed', signal: value }
  else if (word === 'exec-failed') progress.end = { kind: 'exec-failed', errno: value }
  else if (word === 'setup-failed') progress.end = { kind: 'setup-failed', stderr: '', status: value }
  control.end()
}

async function hold(pid: number, launching: Launching): Promise<void> {
  const { input, control, inside, progress } = launching
  try {
    await inside.joined
    const process = openSync(`/proc/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY)
    const box = heldBox(pid, process, launching)
    progress.release = () => {
      box.inside.close()
      closeSync(process)
    }
    progress.box = box
    await input.onReady(box)
    box.inside.hurry()
    control.write('go\n')
  } catch (error) {
    progress.error = explained(error)
    control.destroy()
  }
}

/** No error of ours, but one that the user is to hear of as such. */
const explained = (error: unknown): unknown =>
  error instanceof HandLost
    ? new AgentboxError({ code: 'box-not-joined', reason: error.message }, error)
    : error

function heldBox(pid: number, process: number, { helper, control, inside, progress }: Launching): HeldBox {
  return {
    pid,
    inside,
    ended: false,
    freeze: () =>
      new Promise((resolve) => {
        progress.onHeld.push(resolve)
        control.write('freeze\n')
      }),
    thaw: () => void control.write('thaw\n'),
    freezeForGood() {
      progress.forGood = true
      control.write('freeze\n')
    },
    end: () => void control.write('end\n'),
    async rejoin() {
      const next = joinBox(helper.path, process, helper.sockets)
      await next.joined.catch((error: unknown) => {
        // With pid 1 the kernel ends all of the box.
        this.ended ||= isExiting(process)
        throw error
      })
      next.hurry()
      if (this.ended) next.close()
      this.inside.close()
      this.inside = next
    },
  }
}

/** Signals that came before the mark are reported first: by the turn after the next, for Node polls them last. */
function answer(number: number, control: Duplex): void {
  setImmediate(() => setImmediate(() => control.write(`marked ${number}\n`)))
}

/** The agent and all of its box are stopped, so this process may stop as well. */
function stop(number: number, control: Duplex): void {
  stopSelf(number)
  // In an orphaned group it did not stop, and the agent would ask for the terminal again at once.
  const pause = number === SIGTTIN || number === SIGTTOU ? 200 : 0
  const resume = (): void => void control.write('resume\n')
  if (pause === 0) resume()
  else setTimeout(resume, pause).unref()
}

function withCapture(end: AgentEnd | undefined, stderr: string): AgentEnd {
  if (end?.kind === 'setup-failed') return { ...end, stderr }
  // No last word: somebody killed the helper, and the kernel the box.
  return end ?? { kind: 'killed', signal: SIGKILL }
}

function collect(stream: Readable): () => string {
  const chunks: Buffer[] = []
  let room = LARGEST_CAPTURE
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => {
    if (room > 0) chunks.push(chunk.subarray(0, room))
    room -= chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('latin1')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) onLine(line)
  })
}

/** Node tells why a little later; where descriptors ran out it has not even made the streams. */
function unstarted(child: ChildProcess, helper: string): Promise<never> {
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

function closed(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('close', () => resolve())
    child.once('error', reject)
  })
}
