import { existsSync, type Dirent, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs'
import { fromBytes, fsPath } from '../host/bytes.ts'
import { compiled, type NameTest } from './sieve.ts'
import type { EntryKind } from './types.ts'

export interface ScanEntry {
  /** Absolute, below one of the roots, no symlink in it but perhaps the last part. */
  path: string
  name: string
  kind: EntryKind
  /** What a symlink says, unresolved. */
  link?: string | undefined
}

interface Wanted {
  /** Tested against each base name. */
  interesting: NameTest
  /** Directories that the policy hides: reported if interesting, not entered. */
  hidden?: readonly string[] | undefined
  /** Other directories not to enter, by default `skipVendored`. */
  skip?: ((name: string, path: string) => boolean) | undefined
}

export interface Unreadable {
  path: string
  /** The errno's name. */
  code: string
}

export interface ScanResult {
  entries: ScanEntry[]
  /** Directories that could not be read: unless the agent cannot read them either, nothing may start. */
  unreadable: Unreadable[]
  directories: number
  /** Everything that is not a directory. */
  files: number
}

/**
 * A directory with a longer path (in bytes) may hold files whose path the kernel does not take
 * (PATH_MAX is 4096 with the final NUL, a name has up to 255, and bwrap puts `/newroot` in front), so
 * nothing could be mounted over them.
 */
const MAX_DIRECTORY_PATH = 4096 - 256 - 32
/** A directory that changes so fast that it cannot be listed that often counts as unreadable. */
const ATTEMPTS = 3

/**
 * Walks the roots (absolute, resolved) once and reports the names that are wanted, sorted by path.
 * It opens directories only, follows no symlink, and ends always: the kernel has no directory cycles
 * (a bind mount inside itself shows the directory without that mount), and paths are limited.
 *
 * Synchronous on purpose: on 5,000 directories parallel asynchronous calls take twice as long.
 */
export function scanTree(roots: readonly string[], wanted: Wanted): ScanResult {
  const result: ScanResult = { entries: [], unreadable: [], directories: 0, files: 0 }
  // A root inside another root has its own turn.
  const apart = new Set([...roots, ...(wanted.hidden ?? [])])
  compiled(wanted.interesting)
  const stack = [...new Set(roots)].filter((root) => isDirectory(root, result))
  for (let directory = stack.pop(); directory !== undefined; directory = stack.pop()) {
    result.directories++
    const list = listDirectory(directory, result.unreadable)
    if (list === undefined) continue
    // `/` has no slash of its own to end with.
    const prefix = directory === '/' ? '/' : `${directory}/`
    visit(prefix, list, wanted, result, stack, apart)
  }
  result.entries.sort((a, b) => (a.path < b.path ? -1 : 1))
  return result
}

/** The inner loop: no allocation for a name that is neither a directory nor wanted. */
function visit(
  prefix: string,
  list: Dirent[],
  { interesting, skip = skipVendored }: Wanted,
  result: ScanResult,
  stack: string[],
  apart: Set<string>,
): void {
  for (const entry of list) {
    const { name } = entry
    if (entry.isDirectory()) {
      const path = prefix + name
      if (!apart.has(path) && !skip(name, path)) stack.push(path)
    } else result.files++
    if (interesting.test(name)) report(prefix + name, entry, result)
  }
}

function report(path: string, entry: Dirent, result: ScanResult): void {
  const kind = kindOf(entry)
  if (kind !== 'symlink') {
    result.entries.push({ path, name: entry.name, kind })
    return
  }
  try {
    const link = fromBytes(readlinkSync(fsPath(path), 'buffer'))
    result.entries.push({ path, name: entry.name, kind, link })
  } catch {
    // Replaced or gone since it was listed: whatever stands there now is looked at again by `buildMasks`.
    result.entries.push({ path, name: entry.name, kind })
  }
}

/** What a directory entry or the result of an lstat is. */
export function kindOf(
  entry: Dirent | Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink' | 'isFIFO' | 'isSocket'>,
): EntryKind {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'directory'
  if (entry.isSymbolicLink()) return 'symlink'
  if (entry.isFIFO()) return 'fifo'
  return entry.isSocket() ? 'socket' : 'device'
}

function isDirectory(root: string, result: ScanResult): boolean {
  try {
    if (lstatSync(fsPath(root)).isDirectory()) return true
    result.files++
  } catch (error) {
    result.unreadable.push({ path: root, code: codeOf(error) })
  }
  return false
}

/**
 * Lists a directory; one that vanished meanwhile gives undefined, one that cannot be read as well, and is
 * added to `unreadable`.
 */
export function listDirectory(path: string, unreadable: Unreadable[]): Dirent[] | undefined {
  if (path.length * 3 > MAX_DIRECTORY_PATH && Buffer.byteLength(path) > MAX_DIRECTORY_PATH) {
    unreadable.push({ path, code: 'ENAMETOOLONG' })
    return undefined
  }
  let code = ''
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      return readDirectory(path)
    } catch (error) {
      code = codeOf(error)
      // ENOENT is also what an *entry* that vanished causes where the file system does not tell types.
      if (code !== 'ENOENT' || !existsSync(fsPath(path))) break
    }
  }
  const gone = (code === 'ENOENT' || code === 'ENOTDIR') && !stillDirectory(path)
  if (!gone) unreadable.push({ path, code })
  return undefined
}

/** Exact names: those that are not UTF-8 arrive as U+FFFD, and only then the bytes are asked for. */
function readDirectory(path: string): Dirent[] {
  const list = readdirSync(fsPath(path), { withFileTypes: true })
  if (!list.some(({ name }) => name.includes('\uFFFD'))) return list
  const raw = readdirSync(fsPath(path), { withFileTypes: true, encoding: 'buffer' })
  return raw.map((entry) => Object.assign(entry, { name: fromBytes(entry.name) }) as unknown as Dirent)
}

function stillDirectory(path: string): boolean {
  try {
    return lstatSync(fsPath(path)).isDirectory()
  } catch (error) {
    return codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR'
  }
}

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'UNKNOWN'
}

/**
 * The documented rule for trees that are not searched for names: `node_modules` (tens of thousands of
 * files, published packages are full of test keys, and people keep no secrets there) and git's own
 * directory (git's files have git's names). Others, such as `vendor`, `.venv`, `dist` and `.next`, are
 * searched: builds do copy `.env` into them. A directory merely called `.git` is searched too.
 * Hard links to, and symlinks between, what is masked elsewhere are found in them all the same.
 */
export function skipVendored(name: string, path: string): boolean {
  if (name === 'node_modules') return true
  return name === '.git' && existsSync(fsPath(`${path}/HEAD`))
}
