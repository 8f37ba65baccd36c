import { fromBytes } from '../host/bytes.ts'
import { nameOf } from '../host/paths.ts'
import { readBlobs } from './blobs.ts'
import { callGit, records } from './call.ts'

/** A file as a revision has it. */
export interface FileAt {
  /** From the top of the work tree. */
  path: string
  bytes: Buffer
}

/** What `REV`, `A..B` and `A...B` stand for; `after` is undefined for the work tree. Pure. */
export function parseRange(range: string | undefined): {
  before: string
  after: string | undefined
  fork: boolean
} {
  const [, before = '', dots, after = ''] = /^(.*?)(\.{2,3})(.*)$/.exec(range ?? '') ?? [
    undefined,
    range ?? '',
  ]
  if (dots === undefined) return { before: before || 'HEAD', after: undefined, fork: false }
  return { before: before || 'HEAD', after: after || 'HEAD', fork: dots === '...' }
}

/** The commit's object name; undefined if there is none of this name. */
export async function commitOf(root: string, revision: string): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]
  const { status, stdout } = await callGit({ cwd: root, args })
  return status === 0 ? stdout.toString('latin1').trim() : undefined
}

/** Where two commits parted. */
export async function forkOf(root: string, a: string, b: string): Promise<string | undefined> {
  const { status, stdout } = await callGit({ cwd: root, args: ['merge-base', a, b] })
  return status === 0 ? stdout.toString('latin1').trim() : undefined
}

/** The regular file at a path (from the top) of a commit; undefined if there is none, or it is larger. */
export async function fileAt(
  root: string,
  commit: string,
  path: string,
  largest: number,
): Promise<Buffer | undefined> {
  const args = ['ls-tree', '-z', '--full-tree', commit, '--', path]
  const entries = await listed(root, args)
  const [mode = '', , oid = ''] = entries?.[0]?.toString('latin1').split(/[ \t]/) ?? []
  if (entries?.length !== 1 || !mode.startsWith('100')) return undefined
  const { blobs } = await readBlobs({ cwd: root }, [oid], largest)
  return blobs[0]?.content
}

async function listed(root: string, args: readonly string[]): Promise<Buffer[] | undefined> {
  const { status, stdout } = await callGit({ cwd: root, args })
  return status === 0 ? records(stdout) : undefined
}

/**
 * The regular files of these names, at any depth of a commit, of at most `largest` bytes. Undefined if one of
 * them, or a directory, cannot be read: a partial clone has not got everything.
 */
export async function filesNamed(
  root: string,
  commit: string,
  names: readonly string[],
  largest: number,
): Promise<FileAt[] | undefined> {
  const all = await listed(root, ['ls-tree', '-r', '-z', '--full-tree', commit])
  if (all === undefined) return undefined
  const entries = all.flatMap((record) => {
    const tab = record.indexOf(9)
    const [mode = '', , oid = ''] = record.toString('latin1', 0, tab).split(' ')
    const path = fromBytes(record.subarray(tab + 1))
    return mode.startsWith('100') && names.includes(nameOf(path)) ? [{ path, oid }] : []
  })
  const { blobs, left } = await readBlobs(
    { cwd: root },
    entries.map(({ oid }) => oid),
    largest,
  )
  if (left.length > 0) return undefined
  const contents = new Map(blobs.map(({ oid, content }) => [oid, content]))
  return entries.flatMap(({ path, oid }) => {
    const bytes = contents.get(oid)
    return bytes === undefined ? [] : [{ path, bytes }]
  })
}
