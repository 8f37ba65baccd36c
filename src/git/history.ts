import { createHash } from 'node:crypto'
import { fromBytes } from '../host/bytes.ts'
import { readRegular } from '../host/files.ts'
import { callGit, records, type GitAnswer } from './call.ts'
import { sizesOf } from './blobs.ts'

/** Where git has a masked file, so that no mask hides its content from whoever can read `.git`. */
export type HistoryPlace = 'tracked' | 'history' | 'stash' | 'dangling' | 'staged'

export interface HistoryFinding {
  /** From the top of the work tree; surrogate-escaped. */
  path: string
  places: HistoryPlace[]
  /** The commits that brought it, newest first; none for a file whose content was only staged. */
  commits: string[]
}

export interface HistoryReport {
  findings: HistoryFinding[]
  /** False if not everything was looked at: the time was over, or objects are missing. */
  complete: boolean
}

export interface HistoryInput {
  /** The top of the work tree, absolute, resolved. */
  root: string
  /** Is a file of this name (from the top) masked? */
  isMasked(path: string): boolean
  /** Masked files that exist now, absolute: their content may have been staged once. */
  present?: readonly string[] | undefined
  /** Milliseconds for all of it. */
  limit?: number | undefined
}

const DEFAULT_LIMIT = 10_000
const LARGEST = 4 * 1024 * 1024
const LOG = 'log -z --name-only --no-renames --diff-filter=AM -c --root --no-ext-diff --no-textconv'.split(
  ' ',
)
/** NUL cannot stand in a format together with -z; this byte begins no path that git prints here. */
const MARK = '\u0001'

/**
 * Tells which masked names git has: in the index, in commits that a ref or a reflog leads to, in stashes, in
 * commits that nothing leads to any more, or as content that was staged and taken back. Within the time.
 */
export async function maskedInHistory(input: HistoryInput): Promise<HistoryReport> {
  const end = Date.now() + (input.limit ?? DEFAULT_LIMIT)
  const left = (): number => Math.max(1, end - Date.now())
  const found = new Map<string, HistoryFinding>()
  const tracked = await callGit({ cwd: input.root, args: ['ls-files', '-z'], limit: left() })
  for (const name of records(tracked.stdout)) note(found, input, fromBytes(name), 'tracked')
  const stashes = await stashCommits(input.root, left())
  const log = await callGit({
    cwd: input.root,
    args: [...LOG, `--format=${MARK}%H`, '--all', '--reflog', '--'],
    limit: left(),
  })
  noteLog(found, input, log.stdout, (commit) => (stashes.has(commit) ? 'stash' : 'history'))
  const dangling = await danglingLog(input.root, left)
  noteLog(found, input, dangling.stdout, () => 'dangling')
  await noteStaged(found, input, left())
  const findings = [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return { findings, complete: [tracked, log, dangling].every(isWhole) }
}

function note(
  found: Map<string, HistoryFinding>,
  { isMasked }: HistoryInput,
  path: string,
  place: HistoryPlace,
  commit?: string,
): void {
  const known = found.get(path)
  if (known === undefined && !isMasked(path)) return
  const finding = known ?? { path, places: [], commits: [] }
  if (!finding.places.includes(place)) finding.places.push(place)
  if (commit !== undefined && !finding.commits.includes(commit)) finding.commits.push(commit)
  found.set(path, finding)
}

function noteLog(
  found: Map<string, HistoryFinding>,
  input: HistoryInput,
  stdout: Buffer,
  placeOf: (commit: string) => HistoryPlace,
): void {
  let commit = ''
  for (const record of records(stdout)) {
    // The first name of a commit follows its line, after an empty one.
    const text = fromBytes(record).replace(/^\n+/, '')
    if (text.startsWith(MARK)) commit = text.slice(1).trim()
    else if (text !== '') note(found, input, text, placeOf(commit), commit)
  }
}

/** A stash is a commit with others as parents: what was in the index, and untracked files. */
async function stashCommits(cwd: string, limit: number): Promise<Set<string>> {
  const args = ['log', '-g', '--format=%H %P', 'refs/stash', '--']
  const { stdout } = await callGit({ cwd, args, limit })
  // The first parent is an ordinary commit.
  const lines = stdout.toString('latin1').split('\n')
  return new Set(lines.flatMap((line) => line.trim().split(' ').toSpliced(1, 1)))
}

type Part = Pick<GitAnswer, 'status' | 'stdout' | 'partial'>

function isWhole({ status, partial }: Part): boolean {
  return status === 0 && !partial
}

async function danglingLog(cwd: string, left: () => number): Promise<Part> {
  const args = ['fsck', '--connectivity-only', '--unreachable', '--no-progress', '--no-dangling']
  const fsck = await callGit({ cwd, args, limit: left() })
  const commits = [...fsck.stdout.toString('latin1').matchAll(/^unreachable commit ([0-9a-f]+)$/gm)]
  if (commits.length === 0) return { ...fsck, stdout: Buffer.alloc(0) }
  const input = `${commits.map(([, oid]) => oid).join('\n')}\n`
  const log = await callGit({
    cwd,
    args: [...LOG, `--format=${MARK}%H`, '--no-walk=unsorted', '--stdin'],
    input,
    limit: left(),
  })
  return isWhole(fsck) ? log : { ...fsck, stdout: log.stdout }
}

/** Content that was added to the index leaves an object behind, without a name. */
async function noteStaged(
  found: Map<string, HistoryFinding>,
  input: HistoryInput,
  limit: number,
): Promise<void> {
  const { root, present = [] } = input
  const format = await callGit({ cwd: root, args: ['rev-parse', '--show-object-format'], limit })
  const algorithm = format.stdout.toString('latin1').trim() === 'sha256' ? 'sha256' : 'sha1'
  const byOid = new Map<string, string>()
  for (const path of present) {
    const content = readRegular(path, LARGEST)
    // An empty file is in every repository.
    if (content === undefined || content.length === 0 || !path.startsWith(`${root}/`)) continue
    const hash = createHash(algorithm).update(`blob ${content.length}\0`).update(content)
    byOid.set(hash.digest('hex'), path.slice(root.length + 1))
  }
  if (byOid.size === 0) return
  for (const oid of (await sizesOf({ cwd: root, limit }, [...byOid.keys()])).keys()) {
    const path = byOid.get(oid)!
    if (!found.has(path)) note(found, input, path, 'staged')
  }
}
