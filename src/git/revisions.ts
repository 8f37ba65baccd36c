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

/** The regular files of these names, at any depth of a commit, of at most `largest` bytes. */
export async function filesNamed(
  root: string,
  commit: string,
  names: readonly string[],
  largest: number,
): Promise<FileAt[]> {
  const { stdout } = await callGit({ cwd: root, args: ['ls-tree', '-r', '-z', '--full-tree', commit] })
  const entries = records(stdout).flatMap((record) => {
    const tab = record.indexOf(9)
    const [mode = '', , oid = ''] = record.toString('latin1', 0, tab).split(' ')
    const path = fromBytes(record.subarray(tab + 1))
    return mode.startsWith('100') && names.includes(nameOf(path)) ? [{ path, oid }] : []
  })
  const { blobs } = await readBlobs(
    { cwd: root },
    entries.map(({ oid }) => oid),
    largest,
  )
  const contents = new Map(blobs.map(({ oid, content }) => [oid, content]))
  return entries.flatMap(({ path, oid }) => {
    const bytes = contents.get(oid)
    return bytes === undefined ? [] : [{ path, bytes }]
  })
}
