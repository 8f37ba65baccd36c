import { constants } from 'node:os'

const numbers: Readonly<Record<string, number>> = constants.signals

/**
 * What can be caught and somebody could send to a program. Not in the list: what the kernel sends for a
 * fault of Node itself, SIGCHLD, SIGPROF (Node's profiler), and the real-time signals, for which Node has
 * no names: they end Node, and the box with it. Nor SIGPIPE, which Node ignores: with a listener, each of
 * our own writes to a helper or a connection that has just ended would send it to the agent.
 */
const forwarded: readonly NodeJS.Signals[] = [
  ...(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM'] as const),
  ...(['SIGCONT', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGWINCH', 'SIGURG', 'SIGIO', 'SIGPWR'] as const),
  ...(['SIGXCPU', 'SIGXFSZ', 'SIGSTKFLT'] as const),
]

const withCore = new Set<NodeJS.Signals>([
  ...(['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS'] as const),
  ...(['SIGFPE', 'SIGSEGV', 'SIGXCPU', 'SIGXFSZ', 'SIGSYS'] as const),
])

/** Calls back with the number of every signal that this process gets, but for those excepted, until the returned function is called. */
export function watchSignals(
  onSignal: (number: number) => void,
  except: ReadonlySet<number> = new Set(),
): () => void {
  const listener = (_: NodeJS.Signals, number: number): void => onSignal(number)
  const watched = forwarded.filter((name) => !except.has(numbers[name]!))
  for (const name of watched) process.on(name, listener)
  return () => {
    for (const name of watched) process.off(name, listener)
  }
}

/**
 * Stops this process by the signal as if nobody had caught it, so that the user's shell sees a stopped job.
 * Returns when it was continued, or at once if the kernel ignores the signal: an orphaned process group
 * cannot be stopped by SIGTSTP, SIGTTIN and SIGTTOU, for no shell could continue it.
 */
export function stopSelf(number: number): void {
  const name = nameOf(number)
  if (name === undefined) return
  withoutListeners(name, () => process.kill(process.pid, number))
}

/**
 * Ends this process by the signal, for a shell script reacts to a death by SIGINT other than to exit
 * status 130. Returns, doing nothing, where that would leave a core file of Node or end nothing.
 */
export function dieBySignal(number: number): void {
  const name = nameOf(number)
  if (name === undefined || withCore.has(name)) return
  withoutListeners(name, () => process.kill(process.pid, number))
}

function nameOf(number: number): NodeJS.Signals | undefined {
  const found = Object.entries(numbers).find(([, value]) => value === number)
  return found?.[0] as NodeJS.Signals | undefined
}

/** Node ignores SIGPIPE until a listener came and went; then the kernel's own action is back. */
function withoutListeners(name: NodeJS.Signals, act: () => void): void {
  const catchable = name !== 'SIGKILL' && name !== 'SIGSTOP'
  const listeners = catchable ? process.listeners(name) : []
  if (catchable) process.on(name, noop)
  if (catchable) process.removeAllListeners(name)
  act()
  for (const listener of listeners) process.on(name, listener)
}

function noop(): void {}
