import { accessSync, type BigIntStats, constants, lstatSync } from 'node:fs'
import { fail } from '../errors.ts'
import { fsPath } from '../host/bytes.ts'
import { isWithin, parentOf } from '../host/paths.ts'
import type { Unreadable } from './scan.ts'
import type { Found } from './found.ts'

/**
 * Directories that we could not search. The agent runs with our uid and without capabilities, so what
 * somebody else closed is closed to it too. What is *ours* it can open with chmod: such a directory is
 * masked as a whole, which costs nothing, since nobody could use it either. Any other failure (too long a
 * path, an I/O error) leaves secrets unfound, and nothing may start.
 */
export function lockedDirectories(unreadable: readonly Unreadable[], roots: readonly string[]): Found[] {
  return unreadable.flatMap(({ path, code }) => {
    if (code !== 'EACCES') return fail({ code: 'scan-failed', path, reason: reasonFor(code) })
    const stat = statOrNothing(path)
    const found = stat === undefined ? lockedAncestor(path, roots) : ownLocked(path, stat, roots)
    return found === undefined ? [] : [found]
  })
}

function reasonFor(code: string): string {
  if (code === 'ENAMETOOLONG') return 'the path is too long for files in it to be masked (ENAMETOOLONG)'
  return `the directory cannot be searched for secrets (${code})`
}

/** The nearest directory above, below a root, that we may not search; undefined if it is not ours. */
export function lockedAncestor(path: string, roots: readonly string[]): Found | undefined {
  for (let at = parentOf(path); roots.some((root) => isWithin(at, root)); at = parentOf(at)) {
    const stat = statOrNothing(at)
    if (stat === undefined) continue
    return maySearch(at) ? undefined : ownLocked(at, stat, roots)
  }
  return undefined
}

function ownLocked(path: string, stat: BigIntStats, roots: readonly string[]): Found | undefined {
  if (stat.uid !== BigInt(process.geteuid?.() ?? -1)) return undefined
  if (roots.includes(path)) return fail({ code: 'scan-failed', path, reason: reasonFor('EACCES') })
  const reason = {
    pattern: '(unreadable directory)',
    origin: { layer: 'built-in' },
    by: 'unreadable',
  } as const
  return { path, entry: 'directory', reason, stat }
}

function maySearch(path: string): boolean {
  try {
    accessSync(fsPath(path), constants.R_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

function statOrNothing(path: string): BigIntStats | undefined {
  try {
    return lstatSync(fsPath(path), { bigint: true })
  } catch {
    return undefined
  }
}
