import type { Place, Problem } from '../../errors.ts'
import { shown } from '../escape.ts'

/**
 * The wording of problems, by their code: what, where, and what to do about it. The first line goes behind
 * `agentbox: `; the others are indented under it. All text from outside is escaped by these functions.
 */
export type Words<C extends Problem['code']> = {
  [K in C]: (problem: Extract<Problem, { code: K }>) => string[]
}

/** `file:line:column: `, or nothing for a value that no file holds. */
export function placed(place: Place | undefined): string {
  if (place === undefined) return ''
  const position = [place.line, place.column].filter((part) => part !== undefined).map((part) => `:${part}`)
  return `${shown(place.file)}${position.join('')}: `
}
