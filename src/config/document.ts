import type { Place } from '../errors.ts'

/** A parsed file: what both readers (`plain.ts`, `yaml.ts`) answer with. `at` counts UTF-16 units from 0. */
export type DocNode =
  | { kind: 'map'; entries: DocEntry[]; at: number }
  | { kind: 'list'; items: DocNode[]; at: number }
  /** `text` is what stands in the file, without quotes: a number or a boolean may be meant as text. */
  | { kind: 'scalar'; value: string | number | boolean | null; text: string; at: number }

export interface DocEntry {
  key: string
  /** Where the key stands. */
  at: number
  value: DocNode
}

export type DocPath = readonly (string | number)[]

/** Something that a reader refuses. */
export interface DocProblem {
  at: number
  problem: string
  hint?: string | undefined
}

export type Reading = { document: DocNode } | { refused: DocProblem[] }

/** More than any valid policy has; deeper input only tries the parser's stack. */
export const MAX_DEPTH = 12

/** Scalars in a file. Enough for any policy, and few enough that no check of theirs takes long. */
export const MAX_PARTS = 4000

export function entryOf(node: DocNode | undefined, key: string): DocEntry | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key) : undefined
}

/** Where the deepest part of `path` that exists stands: a key's own place, not its value's. */
export function placeOf(document: DocNode, path: DocPath): number {
  let node: DocNode | undefined = document
  let at = document.at
  for (const step of path) {
    const entry: DocEntry | undefined = typeof step === 'string' ? entryOf(node, step) : undefined
    node = typeof step === 'number' && node?.kind === 'list' ? node.items[step] : entry?.value
    at = entry?.at ?? node?.at ?? at
  }
  return at
}

/** Turns offsets into lines and columns, which count from 1. */
export function placesIn(file: string, text: string): (at: number) => Required<Place> {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (at) => {
    let [line, end] = [0, starts.length]
    while (end - line > 1) {
      const middle = (line + end) >> 1
      if (starts[middle]! <= at) line = middle
      else end = middle
    }
    return { file, line: line + 1, column: at - starts[line]! + 1 }
  }
}

export function dotted(path: DocPath): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '')
}
