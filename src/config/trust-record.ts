import type { Grant } from '../errors.ts'

/** What the user said about one policy file of a repository: `<state>/trust/<hash of its path>.json`. */
export interface TrustRecord {
  version: 1
  /** Of the policy file, absolute and resolved. */
  path: string
  /** The newest approval. */
  approved?: Approval | undefined
  /** When the user said no, in ISO form: then nothing is asked and nothing is granted. */
  denied?: string | undefined
}

export interface Approval {
  /** In ISO form. */
  at: string
  /** Of the bytes that were shown (see `unitHash`), and of those approved before: newest first. */
  sha256: string[]
  grants: GrantKey[]
}

export interface GrantKey {
  kind: Grant['kind']
  value: string
}

/** Approvals of a file's earlier states that linked worktrees can refer to. */
const KEPT = 20

/** The record after approving. Grants that the file no longer asks for are forgotten. */
export function approvedRecord(
  { path, sha256, grants }: { path: string; sha256: string; grants: readonly GrantKey[] },
  before: TrustRecord | undefined,
  at: string,
): TrustRecord {
  const earlier = (before?.approved?.sha256 ?? []).filter((hash) => hash !== sha256)
  return {
    version: 1,
    path,
    approved: {
      at,
      sha256: [sha256, ...earlier].slice(0, KEPT),
      grants: grants.map(({ kind, value }) => ({ kind, value })),
    },
  }
}

export function holds(record: TrustRecord | undefined, { kind, value }: GrantKey): boolean {
  if (record === undefined || record.denied !== undefined) return false
  return record.approved?.grants.some((had) => had.kind === kind && had.value === value) === true
}

/** The record in a file's bytes, or what is wrong with it. Whoever finds something wrong starts nothing. */
export function parseRecord(bytes: Buffer, path: string): TrustRecord | string {
  let record: unknown
  try {
    record = JSON.parse(bytes.toString('utf8'))
  } catch {
    return 'it is not complete'
  }
  if (!isObject(record) || record['version'] !== 1) return 'it is not of this version'
  if (record['path'] !== path) return 'it is about another file'
  const { denied, approved } = record
  if (denied !== undefined && typeof denied !== 'string') return 'it is not a record of approvals'
  if (approved !== undefined && !isApproval(approved)) return 'it is not a record of approvals'
  return record as unknown as TrustRecord
}

function isApproval(value: unknown): value is Approval {
  if (!isObject(value) || typeof value['at'] !== 'string') return false
  const { sha256, grants } = value
  return (
    Array.isArray(sha256) &&
    sha256.every((hash) => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)) &&
    Array.isArray(grants) &&
    grants.every(
      (grant) => isObject(grant) && typeof grant['kind'] === 'string' && typeof grant['value'] === 'string',
    )
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
