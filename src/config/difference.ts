import type { Grant } from '../errors.ts'
import type { Policy, Sourced } from '../policy/types.ts'

/** How two policies of a repository differ: what they ask for, and what they take away. Pure. */
export interface PolicyDifference {
  grants: { added: Grant[]; removed: Grant[] }
  restrictions: { added: Restriction[]; removed: Restriction[] }
}

export interface Restriction {
  /** What it does, for people: `hides`, `network`. */
  what: string
  value: string
  file: string
  line?: number | undefined
}

/** A policy without any approval, with what it asks for. */
export interface Side {
  policy: Policy
  pending: readonly Grant[]
}

export function policyDifference(before: Side, after: Side): PolicyDifference {
  return {
    grants: changes(before.pending, after.pending, ({ kind, value, file }) => [kind, value, file]),
    restrictions: changes(restrictionsOf(before.policy), restrictionsOf(after.policy), ({ what, value }) => [
      what,
      value,
    ]),
  }
}

/** True if the second policy gives agents more than the first. */
export function isWider({ grants, restrictions }: PolicyDifference): boolean {
  return grants.added.length > 0 || restrictions.removed.length > 0
}

function changes<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (one: T) => unknown,
): { added: T[]; removed: T[] } {
  const keys = (list: readonly T[]): Set<string> => new Set(list.map((one) => JSON.stringify(keyOf(one))))
  const [old, now] = [keys(before), keys(after)]
  return {
    added: after.filter((one) => !old.has(JSON.stringify(keyOf(one)))),
    removed: before.filter((one) => !now.has(JSON.stringify(keyOf(one)))),
  }
}

/** Only the repository's own. */
function restrictionsOf({
  filesystem,
  masks,
  network,
  ssh,
  limits,
  live,
  protect,
  agents,
  enforce,
}: Policy): Restriction[] {
  const list = (what: string, all: readonly Sourced<string>[]) => all.flatMap((one) => restriction(what, one))
  const single = (what: string, one: Sourced<string | number | boolean> | undefined) =>
    one === undefined ? [] : restriction(what, one)
  const patterns = masks.patterns.map(({ value, origin }) => ({ value: value.pattern, origin }))
  const names = agents.value === 'all' ? undefined : { value: agents.value.join(', '), origin: agents.origin }
  return [
    ...list('hides', filesystem.hide),
    ...list('makes read-only', filesystem.readonly),
    ...list('masks', patterns),
    ...single('masks by content', masks.detect),
    ...single('masks look', masks.show),
    ...single('home', filesystem.home),
    ...single('network', network.mode),
    ...single('ssh', ssh),
    ...single('unwatched', live.onFailure),
    ...single('protection', protect.absent),
    ...single('memory (bytes)', limits.memory),
    ...single('processes', limits.processes),
    ...single('/tmp (bytes)', limits.tmp),
    ...single('agents', names),
    ...single('enforced in commits', enforce),
  ]
}

function restriction(what: string, { value, origin }: Sourced<string | number | boolean>): Restriction[] {
  if (origin.layer !== 'repo') return []
  return [{ what, value: String(value), file: origin.file ?? '', line: origin.line }]
}
