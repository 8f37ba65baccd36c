import { readFileSync } from 'node:fs'

/** Of the flags in /proc/PID/stat: see proc(5), and sched.h of the kernel. */
const PF_EXITING = 4

/** Clock ticks after boot at which a process started: together with the pid it names a process for good. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

/** Does that process, of which /proc/PID is open, end, or has it ended? What cannot be told is no. */
export function isExiting(process: number): boolean {
  try {
    const stat = readFileSync(`/proc/self/fd/${process}/stat`, 'latin1')
    return (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6]) & PF_EXITING) !== 0
  } catch (error) {
    return ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
}
