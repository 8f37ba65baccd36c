import type { Problem } from '../../errors.ts'

/**
 * The wording of problems, by their code: what, where, and what to do about it. The first line goes behind
 * `agentbox: `; the others are indented under it. All text from outside is escaped by these functions.
 */
export type Words<C extends Problem['code']> = {
  [K in C]: (problem: Extract<Problem, { code: K }>) => string[]
}
