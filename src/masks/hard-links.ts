import { type BigIntStats, lstatSync } from 'node:fs'
import { fsPath } from '../host/bytes.ts'
import { lockedDirectories } from './locked.ts'
import { listDirectory, type Unreadable } from './scan.ts'
import type { Found, LinkCache, Work } from './found.ts'

/** A masked inode with several names: how many of them are still to be found, and what is masked by. */
interface Wanted {
  first: Found
  missing: bigint
}

/**
 * The other names, inside the roots, of masked files that have more than one. Only if there are such
 * files does the walk happen: it calls lstat for everything, also in vendored trees and in `.git`, since
 * there is no other way from an inode to its names, and it ends as soon as all names are found.
 */
export function hardLinks({ found, roots, links }: Work): Found[] {
  const unreadable: Unreadable[] = []
  const wanted = new Map<string, Wanted>()
  const want = (first: Found, stat: BigIntStats): void => {
    const key = keyOf(stat)
    if (stat.isFile() && stat.nlink > 1n && !wanted.has(key)) wanted.set(key, { first, missing: stat.nlink })
  }
  for (const one of found.values()) {
    // What is hidden is a place; its content may stand elsewhere.
    if (one.reason.by === 'hidden') continue
    if (one.entry === 'file') want(one, one.stat)
    if (one.entry === 'directory' && one.reason.by !== 'unreadable') {
      walk([one.path], unreadable, (path, stat) => (want({ ...one, path, entry: 'file', stat }, stat), true))
    }
  }
  if (wanted.size === 0) return lockedDirectories(unreadable, roots)
  const others = remembered(links, wanted) ?? namesOf(wanted, outermost(roots), unreadable)
  if (links !== undefined) Object.assign(links, { key: keyOfAll(wanted), found: others })
  return [...lockedDirectories(unreadable, roots), ...others]
}

function remembered(links: LinkCache | undefined, wanted: Map<string, Wanted>): Found[] | undefined {
  if (links === undefined || links.key !== keyOfAll(wanted)) return undefined
  const same = links.found.every(({ path, stat }) => {
    const now = statIfThere(path)
    return now?.ino === stat.ino && now.dev === stat.dev
  })
  return same ? links.found : undefined
}

/** Before the walk counts them down. */
function keyOfAll(wanted: Map<string, Wanted>): string {
  return [...wanted]
    .map(([key, { first }]) => `${key}:${first.stat.nlink}:${first.path}`)
    .toSorted()
    .join('\n')
}

function namesOf(wanted: Map<string, Wanted>, roots: readonly string[], unreadable: Unreadable[]): Found[] {
  const out: Found[] = []
  let open = wanted.size
  walk(roots, unreadable, (path, stat) => {
    const match = stat.nlink > 1n ? wanted.get(keyOf(stat)) : undefined
    if (match === undefined) return true
    if (path !== match.first.path) out.push(sameFile(path, stat, match.first))
    if (--match.missing === 0n) open--
    return open > 0
  })
  return out
}

function sameFile(path: string, stat: BigIntStats, first: Found): Found {
  const { pattern, origin } = first.reason
  return {
    path,
    entry: 'file',
    stat,
    preset: first.preset,
    reason: { pattern, origin, by: 'hard-link', via: first.path },
  }
}

/** The number of a removed file is given to the next one, but not its time of birth. */
export const bornKey = ({ dev, ino, birthtimeNs }: BigIntStats): string => `${dev}:${ino}:${birthtimeNs}`

/** Where files and directories with these keys (`bornKey`) are now, wherever below the roots; what could not be read. */
export function placesOf(
  keys: ReadonlySet<string>,
  roots: readonly string[],
): { found: string[]; closed: Unreadable[] } {
  const found: string[] = []
  const closed: Unreadable[] = []
  walk(outermost(roots), closed, (path, stat) => {
    if (keys.has(bornKey(stat))) found.push(path)
    return true
  })
  return { found, closed }
}

/** Without the roots inside other roots: a name counted twice would end the walk too early. */
function outermost(roots: readonly string[]): string[] {
  const unique = [...new Set(roots)]
  return unique.filter(
    (root) => !unique.some((other) => other !== root && root.startsWith(other === '/' ? '/' : `${other}/`)),
  )
}

/** Calls `visit` with every file and directory below, and with the roots, until it returns false. */
function walk(
  roots: readonly string[],
  unreadable: Unreadable[],
  visit: (path: string, stat: BigIntStats) => boolean,
): void {
  const stack = [...roots]
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const stat = statIfThere(at)
    if (stat === undefined) continue
    if ((stat.isFile() || stat.isDirectory()) && !visit(at, stat)) return
    if (!stat.isDirectory()) continue
    const prefix = at === '/' ? '/' : `${at}/`
    for (const entry of listDirectory(at, unreadable) ?? []) {
      // Links, FIFOs and the like have no content to share.
      if (entry.isDirectory() || entry.isFile()) stack.push(prefix + entry.name)
    }
  }
}

function statIfThere(path: string): BigIntStats | undefined {
  try {
    return lstatSync(fsPath(path), { bigint: true })
  } catch {
    // Gone, or in a directory that may be read but not searched: the scan has reported that one.
    return undefined
  }
}

const keyOf = (stat: BigIntStats): string => `${stat.dev}:${stat.ino}`
