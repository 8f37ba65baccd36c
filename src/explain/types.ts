import type { Origin } from '../policy/types.ts'

/** Why something is as it is: a clause, and the line of a policy that says so, if one does. */
export interface Because {
  text: string
  origin?: Origin | undefined
}

/** What the box makes of a path, a host or a variable; nothing in it is escaped yet. */
export interface Explanation {
  kind: 'path' | 'host' | 'variable'
  /** As it was asked, made whole: an absolute path, `host:port`, a name. */
  subject: string
  state: State
  because: Because[]
  /** What a program in the box sees. */
  inside?: string | undefined
  /** What else there is to know. */
  also: string[]
  /** How to have it otherwise: a command or a line of the policy, and whether that is a grant. */
  change: string[]
}

export type State =
  | 'writable'
  | 'read-only'
  | 'masked'
  | 'absent'
  /** There, but its permissions keep this user out. */
  | 'closed'
  /** Made by the kernel or by bwrap for the box alone. */
  | 'private'
  | 'allowed'
  | 'refused'
  | 'passed'
  | 'set'
  | 'withheld'
