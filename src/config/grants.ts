import type { Grant, PolicyIssue } from '../errors.ts'
import { isWithin } from '../host/paths.ts'
import { foundationOf, wholesOf, writeCeilingOf } from '../policy/baseline.ts'
import type { Policy, Sourced } from '../policy/types.ts'
import type { DocPath } from './document.ts'
import type { ParsedLayer } from './parse.ts'

/** Whose word it is: the user's about this file, about its directory, or about such grants anywhere. */
export type Approver = 'approval' | 'worktree' | 'directory' | 'configuration'

export interface ApprovedGrant extends Grant {
  by: Approver
}

/**
 * What the user has approved. A grant is the same one only if kind, value and policy file are the same: a
 * pattern or a path means something else in another directory's file.
 */
export interface Approvals {
  approver: (grant: Grant) => Approver | undefined
}

export const noApprovals: Approvals = { approver: () => undefined }

/** Decides about one grant after the other and keeps what came of it. */
export interface Gate {
  /** May it be in the policy? The user's own words may; a repository's only what is approved. */
  take: (layer: ParsedLayer, grant: Grant) => boolean
  refuse: (issue: PolicyIssue) => void
}

export interface Outcome {
  pending: Grant[]
  approved: ApprovedGrant[]
  issues: PolicyIssue[]
}

export function gateTo(outcome: Outcome, approvals: Approvals): Gate {
  return {
    take(layer, grant) {
      if (layer.layer !== 'repo') return true
      const by = approvals.approver(grant)
      if (by === undefined) outcome.pending.push(grant)
      else outcome.approved.push({ ...grant, by })
      return by !== undefined
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

/** The same for the user's own grants, which have to leave the box a box and to obey the administrator. */
export function beyondFoundation(path: string, { home, own, ceiling }: Limits): string | undefined {
  const whole = wholesOf(home).find((place) => isWithin(place, path))
  if (whole !== undefined) return `would open all of ${whole}, so that there were no box: name the parts`
  const hit = [...foundationOf(home), ...own].find((place) => touches(path, place))
  if (hit !== undefined) return `would open ${hit}, which the box replaces or which rules over it`
  const closed = ceiling.find(({ value, origin }) => origin.layer === 'system' && touches(path, value))
  return closed && `is beyond the ceiling of this machine: ${closed.value} (${ceilingSource(closed)})`
}

function touches(path: string, place: string): boolean {
  return isWithin(path, place) || isWithin(place, path)
}

function ceilingSource({ origin }: Sourced<string>): string {
  return origin.layer === 'built-in' ? 'built in' : `${origin.file}:${origin.line}`
}

/** What the entry at `path` of a layer asks for. */
export function grantAt(layer: ParsedLayer, path: DocPath, kind: Grant['kind'], value: string): Grant {
  return { kind, value, ...layer.place(path), ...underOf(layer) }
}

/** The file that a layer is approved with, where that is another one. */
export function underOf({ under }: ParsedLayer): { under?: string } {
  return under === undefined ? {} : { under }
}

/**
 * Substitutions of a repository that show a file which is masked otherwise. Asked after the masks are
 * known, because only they tell; `isMasked` takes absolute paths.
 */
export function substitutionGrants(policy: Policy, isMasked: (path: string) => boolean): Grant[] {
  return policy.masks.substitute
    .filter(({ value, origin }) => origin.layer === 'repo' && isMasked(value.source))
    .map(({ value, origin: { file = '', line, column, under } }): Grant => {
      return { kind: 'unmask', value: value.source, file, line, column, ...(under && { under }) }
    })
}
