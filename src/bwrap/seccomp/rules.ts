import type { Syscall } from './syscalls.ts'

/** The vocabulary of the catalogue. */

export type Errno = 'EPERM' | 'ENOSYS' | 'EAFNOSUPPORT' | 'EPROTONOSUPPORT'

/**
 * When a call is refused; `arg` counts from 0. A condition looks at the low 32 bits of an argument only:
 * the kernel takes `int`, `unsigned int` and `umode_t` parameters from the low bits of the register and
 * ignores the rest, so a comparison of all 64 bits could be passed by setting a high one (CVE-2019-10063).
 * `clone` and `unshare` take an unsigned long, but every flag that is tested is a low bit.
 */
export type Condition =
  | { kind: 'bits'; arg: number; mask: number }
  | { kind: 'in'; arg: number; values: readonly number[] }
  /** Of `argument & mask`, where there is a mask. */
  | { kind: 'not-in'; arg: number; mask?: number; values: readonly number[] }
  | { kind: 'both'; first: Condition; second: Condition }

export interface Rule {
  calls: readonly Syscall[]
  errno: Errno
  when?: Condition
  /** The condition in words: completes "EPERM when …". */
  says?: string
}

export interface Group {
  group: string
  /** Why, in a clause. */
  reason: string
  rules: readonly Rule[]
}

export const refuse = (errno: Errno, ...calls: Syscall[]): Rule => ({ calls, errno })

export const refuseIf = (errno: Errno, calls: Syscall[], when: Condition, says: string): Rule => ({
  calls,
  errno,
  when,
  says,
})

export const anyBit = (arg: number, mask: number): Condition => ({ kind: 'bits', arg, mask })
export const isOneOf = (arg: number, values: readonly number[]): Condition => ({ kind: 'in', arg, values })
export const isNoneOf = (arg: number, values: readonly number[], mask?: number): Condition =>
  mask === undefined ? { kind: 'not-in', arg, values } : { kind: 'not-in', arg, values, mask }
export const both = (first: Condition, second: Condition): Condition => ({ kind: 'both', first, second })
