import { readFileSync } from 'node:fs'

/** Of the flags in /proc/PID/stat: see proc(5), and sched.h of the kernel. */
const PF_EXITING = 4

/**
 * What /proc/PID/stat says after the name, which may have blanks and brackets in it: state, parent, group, session,
 * terminal, its foreground group, flags … (proc(5), from the third field on).
 */
export function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/**
 * Clock ticks after boot at which a process started: together with the pid it names a process for good. Undefined if it
 * has ended, also if the one that started it has not asked for that yet (a zombie).
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const fields = statFields(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

/** Does that process, of which /proc/PID is open, end, or has it ended? What cannot be told is no. */
export function isExiting(process: number): boolean {
  try {
    const flags = statFields(readFileSync(`/proc/self/fd/${process}/stat`, 'latin1'))[6]
    return (Number(flags) & PF_EXITING) !== 0
  } catch (error) {
    return ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
}
