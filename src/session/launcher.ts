import { closeSync, constants, openSync } from 'node:fs'
import type { Duplex, Readable } from 'node:stream'
import { AgentboxError } from '../errors.ts'
import { isExiting } from '../host/processes.ts'
import type { Limits } from './cgroup.ts'
import { closed, collect, eachLine, unstarted, wake, type Helper } from './helper.ts'
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

interface Launching {
  input: LaunchInput
  helper: Helper
  control: Duplex
  inside: Inside
  progress: Progress
}

/* Lines of the helper: ready PID, started, mark SIGNAL, stopped SIGNAL, held, ending, then how it ended. */
const SIGKILL = 9
/** SIGHUP, SIGINT, SIGQUIT, SIGTERM. */
const ENDING: ReadonlySet<number> = new Set([1, 2, 3, 15])
const SIGTTIN = 21
const SIGTTOU = 22

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
  // The helper may end while something is being written to it; its end is what counts.
  control.on('error', () => {})
  // First: bwrap builds the box while this process makes the rest ready.
  control.write(request)
  const capture = collect(captured)
  const inside = openInside(child, requests, () => void control.write('unjoin\n'))
  const progress: Progress = { onHeld: [], forGood: false }
  const unwatch = watchSignals((number) => {
    if (ENDING.has(number)) wake(child)
    // What is stopped would get it when it goes on, which it never does.
    if (progress.forGood && ENDING.has(number)) control.write('end\n')
    else control.write(`signal ${number}\n`)
  })
  eachLine(control, (line) => handleLine(line, { input, helper, control, inside, progress }))
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
