import { readdirSync, readFileSync } from 'node:fs'

/** The children of a process. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}

/** The processes of a running agentbox: the helper, its fork that is in the box, bwrap, pid 1 of the box. */
export function partsOf(agentbox: number): { helper: number; joined: number; monitor: number; init: number } {
  const isHelper = (pid: number): boolean =>
    readOrNothing(`/proc/${pid}/cmdline`).startsWith(readOrNothing(`/proc/${helper}/cmdline`))
  const helper = one(childrenOf(agentbox))
  const joined = one(childrenOf(helper).filter(isHelper))
  const monitor = one(childrenOf(helper).filter((pid) => !isHelper(pid)))
  return { helper, joined, monitor, init: one(childrenOf(monitor)) }
}

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

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
