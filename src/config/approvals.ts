import type { Grant } from '../errors.ts'
import type { Policy } from '../policy/types.ts'
import type { Approvals, Approver } from './grants.ts'
import { holds } from './trust-record.ts'
import type { Trust } from './trust.ts'
import { configured } from './trusted.ts'

export interface ApprovalsInput {
  trust: Trust
  /** From the user's and the system's configuration. */
  own: Policy['trust']
  /** Where a linked worktree's file stands in the main work tree; undefined in any other directory. */
  twinOf: (path: string) => string | undefined
  /** The hash of a policy file that was read, as if it had been read at `as`; undefined if it was not read. */
  hashAs: (path: string, as: string) => string | undefined
}

/**
 * Who approves a grant. A denied file has none, whatever the configuration says. What was approved in the
 * main work tree counts in its linked ones for the very same bytes, and for grants that mean the same there:
 * git itself vouches that both are one repository (see `git/repository.ts`), and a relative path that leads
 * elsewhere is another grant. An agent in the box of the main work tree could register a directory as
 * a worktree, but has these grants already.
 */
export function approvalsFrom({ trust, own, twinOf, hashAs }: ApprovalsInput): Approvals {
  const approver = (grant: Grant): Approver | undefined => {
    const path = grant.under ?? grant.file
    const record = trust.recordOf(path)
    if (record?.denied !== undefined) return undefined
    if (holds(record, grant)) return 'approval'
    const configuration = configured(own, grant)
    if (configuration !== undefined) return configuration
    const twin = twinOf(path)
    const other = twin === undefined ? undefined : trust.recordOf(twin)
    if (twin === undefined || !holds(other, grant)) return undefined
    const hash = hashAs(path, twin)
    return hash !== undefined && other?.approved?.sha256.includes(hash) === true ? 'worktree' : undefined
  }
  return { approver }
}
