import * as v from 'valibot'
import { checkPattern } from '../masks/patterns.ts'
import { checkHost } from './hosts.ts'
import { checkPath, type PathRule } from './paths.ts'
import { both, checkText, quote, type Check } from './text.ts'
import { checkSize } from './values.ts'

/**
 * `restrict` makes the box narrower and needs nobody's leave; `grant` makes it wider and, in a repository's
 * file, needs the user's approval; `preference` does neither; `user-only` is for the user's own file.
 */
export type KeyKind = 'restrict' | 'grant' | 'preference' | 'user-only'

export interface KeyInfo {
  kind: KeyKind
  /** What a reader of the documentation may write. */
  takes: string
  /** How the layers' values become one. */
  merge: string
  default: string
}

/** A repository's file, the configuration of the user or the system, or the options of a command. */
export type PolicyKind = 'repo' | 'user' | 'system' | 'flag'

export const UNION = 'all layers together'
export const STRICTER = 'the strictest; a wider one is a grant'

type Schema = v.GenericSchema

export function key<S extends Schema>(schema: S, about: string, info: KeyInfo) {
  return v.optional(v.pipe(schema, v.description(about), v.metadata({ ...info })))
}

export function section<E extends v.ObjectEntries>(entries: E, about: string) {
  return v.optional(v.pipe(v.strictObject(entries), v.description(about)))
}

export function text(check: Check) {
  return v.pipe(v.string(), checked(check))
}

/** Messages begin with the value, so that a line of a long list can be told from the next. */
export function checked<T extends string | number>(check: (value: T) => string | undefined) {
  return v.rawCheck<T>(({ dataset, addIssue }) => {
    const problem = dataset.typed ? check(dataset.value) : undefined
    if (dataset.typed && problem !== undefined)
      addIssue({ message: `${quote(String(dataset.value))} ${problem}` })
  })
}

export const pattern = text(both(checkText, checkPattern))
export const host = text(checkHost)
export const port = v.pipe(
  v.number(),
  checked((value: number) =>
    Number.isInteger(value) && value >= 1 && value <= 65535 ? undefined : 'is not a port (1–65535)',
  ),
)
export const size = (least: string) => v.pipe(v.union([v.string(), v.number()]), checked(checkSize(least)))
export const paths = (rule: PathRule) => v.array(text(checkPath(rule)))
