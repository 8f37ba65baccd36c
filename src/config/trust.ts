import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fail } from '../errors.ts'
import { fsPath, toBytes } from '../host/bytes.ts'
import { ensurePrivateDir } from '../host/dirs.ts'
import { lstatOf, readRegular } from '../host/files.ts'
import { approvedRecord, parseRecord, type GrantKey, type TrustRecord } from './trust-record.ts'

/** More than any record has. */
const LARGEST = 1 << 20

/**
 * What the user approved and denied. Files are read when they are asked for, so that a repository without
 * grants costs nothing; each once, so that one command decides by one state.
 */
export interface Trust {
  /** Fails with `trust-unusable` where the record cannot be believed. */
  recordOf(path: string): TrustRecord | undefined
  /** Approves exactly these grants of a file, and takes back a denial. */
  approve(file: { path: string; sha256: string; grants: readonly GrantKey[] }): void
  /** Forgets approvals and records the no. */
  deny(path: string): void
}

export function openTrust(state: string, uid: number): Trust {
  const dir = `${state}/trust`
  const known = new Map<string, TrustRecord | undefined>()
  const recordOf = (path: string): TrustRecord | undefined => {
    if (!known.has(path)) known.set(path, readRecord(dir, path, uid))
    return known.get(path)
  }
  const write = (record: TrustRecord): void => {
    for (const one of [state, dir]) ensurePrivateDir(one, uid)
    checkOwn(dir, uid)
    writeRecord(fileOf(dir, record.path), record)
    known.set(record.path, record)
  }
  return {
    recordOf,
    approve: (file) => write(approvedRecord(file, recordOf(file.path), new Date().toISOString())),
    deny: (path) => write({ version: 1, path, denied: new Date().toISOString() }),
  }
}

/** Where the record about a policy file is, or would be. */
export function recordPath(state: string, policy: string): string {
  return fileOf(`${state}/trust`, policy)
}

function fileOf(dir: string, path: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return `${dir}/${createHash('sha256').update(toBytes(path)).digest('hex')}.json`
}

/** Absence is no approval; everything else that is not a whole record of this user's is refused. */
function readRecord(dir: string, path: string, uid: number): TrustRecord | undefined {
  if (lstatOf(dir) === undefined) return undefined
  checkOwn(parentDir(dir), uid, 0o022)
  checkOwn(dir, uid)
  const file = fileOf(dir, path)
  if (lstatOf(file) === undefined) return undefined
  checkOwn(file, uid)
  const bytes = readRegular(file, LARGEST)
  if (bytes === undefined) return unusable(file, 'it is not a file that can be read')
  const record = parseRecord(bytes, path)
  return typeof record === 'string' ? unusable(file, record) : record
}

const parentDir = (dir: string): string => dir.slice(0, dir.lastIndexOf('/'))

/** Whoever else can write there could approve; whoever else can read it learns what to ask for. */
function checkOwn(path: string, uid: number, others = 0o077): void {
  const stat = lstatOf(path)
  if (stat === undefined || stat.isSymbolicLink()) unusable(path, 'it is a link or gone')
  else if (stat.uid !== uid) unusable(path, 'it belongs to another user')
  else if ((stat.mode & others) !== 0) unusable(path, 'it is open to other users')
}

/** In one step: a reader sees the old record or the new one, also after a power cut. */
function writeRecord(path: string, record: TrustRecord): void {
  const temporary = `${path}.${process.pid}-${process.hrtime.bigint()}`
  try {
    const fd = openSync(fsPath(temporary), 'wx', 0o600)
    try {
      writeFileSync(fd, `${JSON.stringify(record, null, 2)}\n`)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(fsPath(temporary), fsPath(path))
  } catch (error) {
    rmSync(fsPath(temporary), { force: true })
    unusable(path, (error as Error).message, error)
  }
}

function unusable(path: string, reason: string, cause?: unknown): never {
  return fail({ code: 'trust-unusable', path, reason }, cause)
}
