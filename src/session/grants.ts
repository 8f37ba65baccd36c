import { substitutionGrants, type ApprovedGrant } from '../config/grants.ts'
import type { LoadedPolicy } from '../config/load.ts'
import type { Grant } from '../errors.ts'
import { compileMatcher } from '../masks/patterns.ts'

/** All that the repository asks for beyond what the user gives it: what it has not, and what it has. */
export interface Grants {
  pending: Grant[]
  approved: ApprovedGrant[]
}

type Matcher = ReturnType<typeof compileMatcher>

/** The policy's grants, and substitutions that would show a masked file. */
export function grantsOf({ policy, pending, approved, approvals }: LoadedPolicy, matcher?: Matcher): Grants {
  const rules = policy.masks.substitute.some(({ origin }) => origin.layer === 'repo')
    ? (matcher ?? compileMatcher(policy.masks))
    : undefined
  const shown = rules ? substitutionGrants(policy, (path) => rules.match(path, false) !== undefined) : []
  const decided = shown.map((grant) => ({ grant, by: approvals.approver(grant) }))
  return {
    pending: [...pending, ...decided.flatMap(({ grant, by }) => (by === undefined ? [grant] : []))],
    approved: [
      ...approved,
      ...decided.flatMap(({ grant, by }) => (by === undefined ? [] : [{ ...grant, by }])),
    ],
  }
}
