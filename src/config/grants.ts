import type { Grant, Place, PolicyIssue } from '../errors.ts'
import { isWithin } from '../host/paths.ts'
import { foundationOf, wholesOf, writeCeilingOf } from '../policy/baseline.ts'
import type { Policy, Sourced } from '../policy/types.ts'
import type { DocPath } from './document.ts'
import type { ParsedLayer } from './parse.ts'

/**
 * What the user has approved. A grant is the same one only if kind, value and file are the same: a
 * pattern or a path means something else in another directory's file.
 */
export interface Approvals {
  has: (grant: Grant) => boolean
}

export const noApprovals: Approvals = { has: () => false }

/** Decides about one grant after the other and keeps what came of it. */
export interface Gate {
  /** May it be in the policy? The user's own words may; a repository's only what is approved. */
  take: (layer: ParsedLayer, grant: Grant) => boolean
  refuse: (issue: PolicyIssue) => void
}

export interface Outcome {
  pending: Grant[]
  issues: PolicyIssue[]
}

export function gateTo(outcome: Outcome, approvals: Approvals): Gate {
  return {
    take(layer, grant) {
      if (layer.layer !== 'repo' || approvals.has(grant)) return true
      outcome.pending.push(grant)
      return false
    },
    refuse: (issue) => void outcome.issues.push(issue),
  }
}

export type GrantedPath = 'read' | 'write'

export interface Limits {
  home: string
  ceiling: readonly Sourced<string>[]
  /** agentbox's own directories. */
  own: readonly string[]
}

/**
 * What stands against granting `path` to a repository, approved or not; undefined if nothing does. `path`
 * is judged as it is spelt: whoever resolves it through symbolic links asks again with the result.
 */
export function beyondCeiling(
  kind: GrantedPath,
  path: string,
  { home, ceiling }: Omit<Limits, 'own'>,
): string | undefined {
  const whole = wholesOf(home).find((place) => isWithin(place, path))
  if (whole !== undefined) return `would open all of ${whole}`
  const hit = ceiling.find(({ value }) => touches(path, value))
  if (hit) return `is beyond the ceiling: ${hit.value} (${ceilingSource(hit)}) is granted to no repository`
  const steering = kind === 'write' ? writeCeilingOf(home).find((place) => touches(path, place)) : undefined
  return steering === undefined
    ? undefined
    : `is beyond the ceiling: ${steering} (built in) is writable for no repository, since what is there runs outside the box`
}

/** The same for the user's own grants, which only have to leave the box a box. */
export function beyondFoundation(path: string, { home, own }: Omit<Limits, 'ceiling'>): string | undefined {
  const whole = wholesOf(home).find((place) => isWithin(place, path))
  if (whole !== undefined) return `would open all of ${whole}, so that there were no box: name the parts`
  const hit = [...foundationOf(home), ...own].find((place) => touches(path, place))
  return hit === undefined ? undefined : `would open ${hit}, which the box replaces or which rules over it`
}

function touches(path: string, place: string): boolean {
  return isWithin(path, place) || isWithin(place, path)
}

function ceilingSource({ origin }: Sourced<string>): string {
  return origin.layer === 'built-in' ? 'built in' : `${origin.file}:${origin.line}`
}

/** What the entry at `path` of a layer asks for. */
export function grantAt(layer: ParsedLayer, path: DocPath, kind: Grant['kind'], value: string): Grant {
  const place: Place = layer.place(path)
  return { kind, value, ...place }
}

/**
 * Substitutions of a repository that would show a file which is masked otherwise, and which nobody
 * approved. Asked after the masks are known, because only they tell; `isMasked` takes absolute paths.
 */
export function pendingSubstitutions(
  policy: Policy,
  isMasked: (path: string) => boolean,
  approvals: Approvals,
): Grant[] {
  return policy.masks.substitute
    .filter(({ value, origin }) => origin.layer === 'repo' && isMasked(value.source))
    .map(({ value, origin }): Grant => {
      const { file = '', line, column } = origin
      return { kind: 'unmask', value: value.source, file, line, column }
    })
    .filter((grant) => !approvals.has(grant))
}
