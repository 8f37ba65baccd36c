import type { AgentboxDirs } from '../host/dirs.ts'
import type { HostFacts } from '../host/facts.ts'
import type { Situation } from '../session/situation.ts'

/** `error`: agents cannot be boxed, or less is protected than it seems; `warning`: look at it; `note`: good to know. */
export type Severity = 'error' | 'warning' | 'note'

export interface Finding {
  /** The check's id. */
  check: string
  severity: Severity
  /** What is not as it should be, one clause; text from outside is not yet escaped. */
  problem: string
  /** What follows from it. */
  why: string
  /** The command, or the step, that mends it. */
  mend: string
}

/** What the checks are given. */
export interface DoctorContext {
  env: NodeJS.ProcessEnv
  facts: HostFacts
  dirs: AgentboxDirs
  /** Directory of the built program. */
  installDir: string
  /** Undefined where no box could be made: the finding of `policy` says why. */
  situation: Situation | undefined
  /** Why there is no situation. */
  trouble: unknown
}

/** Looks at one topic and changes nothing. Never throws for what it finds. */
export interface Check {
  id: string
  /** What it looks at, for the list of checks. */
  about: string
  run(context: DoctorContext): Finding[] | Promise<Finding[]>
}
