import type { Grant } from '../errors.ts'
import type { Origin, Policy, Sourced, Substitution } from '../policy/types.ts'
import type { DocPath } from './document.ts'
import { grantAt, underOf, type Gate } from './grants.ts'
import type { ParsedLayer } from './parse.ts'
import { absolutePath } from './paths.ts'
import { bytesOf } from './values.ts'

export function originAt(layer: ParsedLayer, path: DocPath): Origin {
  return { layer: layer.layer, ...layer.place(path), ...underOf(layer) }
}

export function sourcedAt<T>(layer: ParsedLayer, path: DocPath, value: T): Sourced<T> {
  return { value, origin: originAt(layer, path) }
}

/**
 * A value that is stricter or wider. `order` begins with the strictest. The repository's layers together
 * ask for the strictest of theirs; if that is wider than what user or baseline say, it is a grant. A flag
 * may be wider than the baseline, but not than what a layer says; nothing may be wider than what the
 * system's administrator says.
 */
export function scalarOf<T extends string>(
  layers: readonly ParsedLayer[],
  path: readonly string[],
  order: readonly T[],
  base: Sourced<T>,
  gate: Gate,
  kind: Grant['kind'],
  prefix = '',
): Sourced<T> {
  const said = layers.flatMap((layer) => {
    const value = path.reduce<unknown>(
      (node, key) => (node as Record<string, unknown> | undefined)?.[key],
      layer.rc,
    )
    return value === undefined ? [] : [{ layer, value: value as T }]
  })
  const rank = ({ value }: { value: T }): number => order.indexOf(value)
  const system = said.find(({ layer }) => layer.layer === 'system')
  const user = said.find(({ layer }) => layer.layer === 'user')
  const own = user && system ? (rank(user) > rank(system) ? system : user) : (user ?? system)
  const repo = said.filter(({ layer }) => layer.layer === 'repo').toSorted((a, b) => rank(a) - rank(b))[0]
  const flag = said.find(({ layer }) => layer.layer === 'flag')
  let result = own ? sourcedAt(own.layer, path, own.value) : base
  const unsaid = result.origin.layer === 'built-in'
  if (repo && (rank(repo) < rank(result) || (unsaid && repo.value === result.value))) {
    result = sourcedAt(repo.layer, path, repo.value)
  } else if (repo && rank(repo) > rank(result) && !(system && rank(repo) > rank(system))) {
    const granted = gate.take(repo.layer, grantAt(repo.layer, path, kind, `${prefix}${repo.value}`))
    if (granted) result = sourcedAt(repo.layer, path, repo.value)
  }
  const free = result.origin.layer === 'built-in'
  return flag && (free || rank(flag) < rank(result)) ? sourcedAt(flag.layer, path, flag.value) : result
}

/**
 * Which agents the shims box. To name fewer is to leave the others outside, so no layer takes one away
 * from another: a file that says nothing means all, and so does a directory that the user boxes always.
 */
export function agentsOf(layers: readonly ParsedLayer[], always: boolean): Policy['agents'] {
  // A file and those it extends speak together.
  const named = new Set(layers.flatMap((one) => (one.rc.agents === undefined ? [] : [one.under ?? one.file])))
  const speakers = layers.filter(
    ({ layer, rc, under, file }) =>
      layer === 'repo' && (rc.agents !== undefined || !named.has(under ?? file)),
  )
  const own = layers.filter(
    ({ layer, rc }) =>
      (layer === 'user' || layer === 'system') &&
      (rc.agents !== undefined || (layer === 'user' && (always || speakers.length === 0))),
  )
  const all = [...own, ...speakers]
  const names = [...new Set(all.flatMap((layer) => layer.rc.agents ?? []))]
  const namer = all.find((layer) => layer.rc.agents !== undefined)
  if (!namer || all.some((layer) => layer.rc.agents === undefined)) {
    return { value: 'all', origin: { layer: 'built-in' } }
  }
  return sourcedAt(namer, ['agents'], names)
}

/** The outermost layer that sets a name has its way: a hardening of the user's stays. Flags come first. */
export function envSetOf(layers: readonly ParsedLayer[]): Policy['env']['set'] {
  const names = new Set<string>()
  return flagsFirst(layers).flatMap((layer) =>
    Object.entries(layer.rc.env?.set ?? {}).flatMap(([name, value]) => {
      if (names.has(name)) return []
      names.add(name)
      return [sourcedAt(layer, ['env', 'set', name], { name, value })]
    }),
  )
}

export function substitutesOf(
  layers: readonly ParsedLayer[],
  dirOf: (layer: ParsedLayer) => string,
  home: string,
): Sourced<Substitution>[] {
  const targets = new Set<string>()
  return flagsFirst(layers).flatMap((layer) =>
    Object.entries(layer.rc.masks?.substitute ?? {}).flatMap(([from, to]) => {
      const [target, source] = [absolutePath(from, dirOf(layer), home), absolutePath(to, dirOf(layer), home)]
      if (targets.has(target)) return []
      targets.add(target)
      return [sourcedAt(layer, ['masks', 'substitute', from], { target, source })]
    }),
  )
}

/** What the user typed now comes before what is written anywhere. */
function flagsFirst(layers: readonly ParsedLayer[]): ParsedLayer[] {
  return [
    ...layers.filter(({ layer }) => layer === 'flag'),
    ...layers.filter(({ layer }) => layer !== 'flag'),
  ]
}

/** The smallest of each; the user's own word replaces the built-in default, larger or smaller. */
export function limitsOf(layers: readonly ParsedLayer[], base: Policy['limits']): Policy['limits'] {
  const limit = (key: keyof Policy['limits']): Sourced<number> | undefined => {
    const said = layers.flatMap((layer) => {
      const value = layer.rc.limits?.[key]
      const amount = value === undefined ? undefined : bytesOf(value)
      return amount === undefined ? [] : [sourcedAt(layer, ['limits', key], amount)]
    })
    const own = said.some(({ origin }) => origin.layer !== 'repo')
    const all = own || !base[key] ? said : [base[key], ...said]
    return all.toSorted((a, b) => a.value - b.value)[0]
  }
  return { memory: limit('memory'), processes: limit('processes'), tmp: limit('tmp') }
}
