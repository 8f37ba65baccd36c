import { fromBytes, toBytes } from '../host/bytes.ts'

/**
 * Checks of single values of a policy: each answers with what is wrong, as a clause, or undefined.
 * They depend on the text alone; what depends on the home or the project is checked in `layers.ts`.
 */
export type Check = (text: string) => string | undefined

// Cc, line separators and everything that reorders text: no honest path, host or pattern has them, and a
// terminal that shows them shows something else than what is granted.
// oxlint-disable-next-line no-control-regex
const UNSHOWABLE =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/
const LINE_BREAK = /[\n\r\u0085\u2028\u2029]/

// U+DC80–U+DCFF stand for undecodable bytes (host/bytes.ts); every other lone surrogate stands for nothing.
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDC7F\uDD00-\uDFFF]/

/** Linux's PATH_MAX; nothing in a policy is longer than a path. */
const MAX_LENGTH = 4096

const MAX_QUOTED = 100

export function checkText(text: string): string | undefined {
  if (text === '') return 'is empty'
  if (text.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`
  if (text.includes('\0')) return 'contains a NUL byte'
  if (LINE_BREAK.test(text)) return 'contains a line break'
  if (UNSHOWABLE.test(text)) return 'contains a control or invisible character'
  if (LONE_SURROGATE.test(text)) return 'contains half a character (a lone surrogate)'
  return undefined
}

/**
 * One string for one sequence of bytes: `\udcc3\udca9` and `é` are the same name to the kernel, so they
 * must be the same name to the ceiling.
 */
export function canonical(text: string): string {
  return fromBytes(toBytes(text))
}

/** First the general check, then the particular one. */
export function both(...checks: Check[]): Check {
  return (text) => {
    for (const check of checks) {
      const problem = check(text)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

/** As a message has it: what is wrong with a long one stands behind it, and must be seen. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text)
}
