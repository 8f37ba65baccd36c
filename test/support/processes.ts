import { readdirSync, readFileSync } from 'node:fs'

/** The children of a process; threads may end in between. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readOrNothing(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  )
}

/** All below a process, whatever comes and goes meanwhile. */
export const descendantsOf = (pid: number): number[] =>
  childrenOrNone(pid).flatMap((child) => [child, ...descendantsOf(child)])

function childrenOrNone(pid: number): number[] {
  try {
    return childrenOf(pid)
  } catch {
    return []
  }
}

/** The letter that the kernel gives the state of a process; Z for one that is gone. */
export const letterOf = (pid: number): string =>
  /\) (\w)/s.exec(readOrNothing(`/proc/${pid}/stat`))?.[1] ?? 'Z'

/** The processes of a running agentbox: the helper, its fork that is in the box, bwrap, pid 1 of the box. */
export function partsOf(agentbox: number): { helper: number; joined: number; monitor: number; init: number } {
  const { helper, monitor, init } = lastingPartsOf(agentbox)
  return { helper, joined: one(childrenOf(helper).filter(isHelper)), monitor, init }
}

/** Pid 1 of the box of a running agentbox, whatever became of the hand in it. */
export const initOf = (agentbox: number): number => lastingPartsOf(agentbox).init

const isHelper = (pid: number): boolean => readOrNothing(`/proc/${pid}/cmdline`).includes('\0launch\0')

function lastingPartsOf(agentbox: number): { helper: number; monitor: number; init: number } {
  // Not git, which may be asked something just now, nor a hand that took the place of the first one.
  const helper = one(childrenOf(agentbox).filter(isHelper))
  const monitor = one(childrenOf(helper).filter((pid) => !isHelper(pid)))
  return { helper, monitor, init: one(childrenOf(monitor)) }
}

/** The process that serves the network of a running agentbox, when it is there. */
export const networkOf = (agentbox: number): number | undefined =>
  childrenOf(agentbox).find((pid) => runs(pid, '/network.cjs'))

const runs = (pid: number, program: string): boolean =>
  readOrNothing(`/proc/${pid}/cmdline`).includes(program)

function one(pids: readonly number[]): number {
  if (pids.length !== 1) throw new Error(`there are ${pids.length} processes where there should be one`)
  return pids[0]!
}

/** Pids of all processes, in any box, whose command line has the text. */
export function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readOrNothing(`/proc/${pid}/cmdline`).includes(text))
}

/** Ends a process that may have ended by itself in between. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Lines of the mount table that name the path. */
export const mountsBelow = (path: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(path))

/** What may be gone at any moment: nothing then. */
export function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
