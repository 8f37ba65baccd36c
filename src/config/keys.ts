import type * as v from 'valibot'
import type { DocNode, DocPath } from './document.ts'
import type { KeyInfo, PolicyKind } from './schema-kit.ts'
import { schemaOf } from './schema.ts'

/** One key of a policy as the documentation shows it. */
export interface Key extends KeyInfo {
  /** Dotted: `filesystem.read`. */
  key: string
  about: string
}

export type Node = v.GenericSchema & {
  entries?: Record<string, Node>
  wrapped?: Node
  pipe?: readonly { type: string; description?: string; metadata?: KeyInfo }[]
}

/** The schema behind `optional`. */
export function inner(schema: Node): Node {
  return schema.wrapped ? inner(schema.wrapped) : schema
}

/** Sections and keys, in the order of the schema; sections have no `kind`. */
export function keysOf(kind: PolicyKind): (Key | { key: string; about: string; kind: undefined })[] {
  const walk = (schema: Node, path: string): ReturnType<typeof keysOf> =>
    Object.entries(schema.entries ?? {}).flatMap(([name, value]) => {
      const node = inner(value)
      const key = path === '' ? name : `${path}.${name}`
      const info = node.pipe?.find((action) => action.type === 'metadata')?.metadata
      const about = node.pipe?.find((action) => action.type === 'description')?.description ?? ''
      return info ? [{ key, about, ...info }] : [{ key, about, kind: undefined }, ...walk(node, key)]
    })
  return walk(schemaOf(kind), '')
}

/** A key that may not stand where it stands, or (`list`) whose value cannot be a list. */
export interface WrongKey {
  path: DocPath
  at: number
  reason: 'unknown' | 'twice' | 'reserved' | 'list'
}

// A record would drop these in silence: JavaScript has them on every object.
const RESERVED = new Set(['__proto__', 'constructor', 'prototype'])

/** All keys of a document that the schema does not have, that stand twice or that cannot be kept. */
export function wrongKeys(schema: Node, node: DocNode, path: DocPath = []): WrongKey[] {
  if (node.kind === 'scalar') return []
  if (node.kind === 'list') {
    return node.items.flatMap((item, index) => wrongKeys(ANYTHING, item, [...path, index]))
  }
  const { entries } = inner(schema)
  const seen = new Set<string>()
  return node.entries.flatMap(({ key, at, value }) => {
    const here = [...path, key]
    const twice = seen.has(key)
    seen.add(key)
    if (twice) return [{ path: here, at, reason: 'twice' as const }]
    if (entries && !Object.hasOwn(entries, key)) return [{ path: here, at, reason: 'unknown' as const }]
    if (RESERVED.has(key)) return [{ path: here, at, reason: 'reserved' as const }]
    const schemaHere = entries?.[key] ?? ANYTHING
    // To the validator a list is an object with the keys 0, 1, …
    if (value.kind === 'list' && isMapSchema(schemaHere)) return [{ path: here, at, reason: 'list' as const }]
    return wrongKeys(schemaHere, value, here)
  })
}

const ANYTHING = {} as Node

function isMapSchema(schema: Node): boolean {
  return ['strict_object', 'record'].includes(inner(schema).type)
}

/** What the writer of an unknown key may have meant. */
export function nearestKey(unknown: string, kind: PolicyKind): string | undefined {
  const keys = keysOf(kind).map(({ key }) => key)
  const last = unknown.slice(unknown.lastIndexOf('.') + 1)
  const scored = keys.map((key) => {
    const tail = key.slice(key.lastIndexOf('.') + 1)
    // Right name, wrong section: one step further away than any slip of the pen in the right one.
    return { key, distance: Math.min(distance(unknown, key), distance(last, tail) + 1) }
  })
  const best = scored.reduce((a, b) => (b.distance < a.distance ? b : a))
  return best.distance <= Math.min(4, Math.max(2, Math.floor(last.length / 3))) ? best.key : undefined
}

/** The nearest of `names`, if it is near enough to be a slip of the pen. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const best = names.reduce((a, b) => (distance(name, b) < distance(name, a) ? b : a))
  return distance(name, best) <= Math.max(1, Math.floor(best.length / 3)) ? best : undefined
}

/** Edit distance with swaps of neighbours; long inputs are cut, since nothing long is a slip. */
function distance(from: string, to: string): number {
  const [a, b] = [from.slice(0, 40).toLowerCase(), to.slice(0, 40).toLowerCase()]
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same)
      if (swapped) next[j] = Math.min(next[j]!, before[j - 2]! + 1)
    }
    before = row
    row = next
  }
  return row[b.length]!
}
