import { type BigIntStats, lstatSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { fail } from '../errors.ts'
import { fromBytes, fsPath } from '../host/bytes.ts'
import { linkTarget } from '../host/files.ts'
import { isWithin, parentOf } from '../host/paths.ts'
import { hardLinks } from './hard-links.ts'
import { lockedAncestor, lockedDirectories } from './locked.ts'
import type { Found, MaskInput, Work } from './found.ts'
import { lookOf } from './look.ts'
import type { MaskHit } from './patterns.ts'
import { codeOf, kindOf } from './scan.ts'
import { checkSources, resolveSubstitutes } from './substitute.ts'
import type { EntryKind, Mask, MaskReason } from './types.ts'

export interface MaskSet {
  /** Sorted by path, one for each path, none inside a masked or hidden directory. */
  masks: Mask[]
  warnings: string[]
}

/**
 * Decides what stands where a secret is. Effects: lstat, readlink, realpath, listing directories (a second
 * walk, only where a masked file has more than one name), and reading regular files whose names are shown.
 * Throws `scan-failed` if a part of the roots could not be searched that the agent could open, and
 * `policy-invalid` for a substitute that cannot be.
 */
export function buildMasks(input: MaskInput): MaskSet {
  const work: Work = { ...input, found: new Map(), warnings: [] }
  for (const directory of lockedDirectories(input.scan.unreadable, input.roots)) add(work, directory)
  for (const { path } of input.scan.entries) if (isNamed(input.matcher, path)) addEntry(work, path)
  const substitutes = resolveSubstitutes(work)
  for (const one of hardLinks(work)) add(work, one)
  const isCovered = coverage(work)
  checkSources(work, substitutes, isCovered)
  const masks = [...work.found.values()]
    .filter(({ path }) => !isCovered(parentOf(path)) && !isHidden(work, path))
    .map((one) => ({ path: one.path, entry: one.entry, look: lookOf(one, input.policy), reason: one.reason }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return { masks, warnings: work.warnings }
}

/** Whether a file or a directory at this path would be masked. */
export function isNamed(matcher: MaskInput['matcher'], path: string): boolean {
  return matcher.match(path, false) !== undefined || matcher.match(path, true) !== undefined
}

/**
 * What `buildMasks` says of one entry taken by itself, at once: without other hard links, and nothing if a
 * substitute may stand in for it. `path` is `isNamed`; `stat` is what was just seen there. Throws as
 * `buildMasks` does.
 */
export function decideAlone(input: Omit<MaskInput, 'scan'>, path: string, stat?: BigIntStats): Mask[] {
  const work: Work = {
    ...input,
    scan: { entries: [], unreadable: [] },
    found: new Map(),
    warnings: [],
  }
  addEntry(work, path, stat)
  const substituted = ({ path }: { path: string }): boolean =>
    input.policy.substitute.some(({ value }) => value.target === path)
  return [...work.found.values()]
    .filter((one) => !isHidden(work, one.path) && !substituted(one))
    .map((one) => ({ path: one.path, entry: one.entry, look: lookOf(one, input.policy), reason: one.reason }))
}

/** The first reason stays: by name comes before by link. */
function add({ found }: Work, one: Found): void {
  if (!found.has(one.path)) found.set(one.path, one)
}

/** A scan is a moment old: what counts is what stands there now. */
function addEntry(work: Work, path: string, seen?: BigIntStats): void {
  const { matcher } = work
  const stat = seen ?? statOf(work, path)
  if (stat === undefined) return
  const entry = kindOf(stat)
  if (entry === 'symlink') return addTarget(work, path)
  const hit = matcher.match(path, entry === 'directory')
  if (hit !== undefined) add(work, foundBy(path, entry, hit, stat, 'name'))
}

/** A symlink is not mounted over (a mount would follow it); what it leads to is. */
function addTarget(work: Work, link: string): void {
  const target = targetOf(work, link)
  if (target === undefined || !work.roots.some((root) => isWithin(target, root))) return
  const stat = statOf(work, target)
  if (stat === undefined) return
  const entry = kindOf(stat)
  const isDirectory = entry === 'directory'
  const hit = work.matcher.match(link, isDirectory)
  // `.env -> .env.example` reveals nothing that may not be read by its own name.
  if (hit === undefined || work.matcher.lifts(hit, target, isDirectory)) return
  if (work.roots.some((root) => isWithin(root, target)) || isWithin(link, target)) {
    work.warnings.push(`${link} is a link to ${target}, which is not masked: it holds the link or is granted`)
    return
  }
  add(work, foundBy(target, entry, hit, stat, 'symlink-target', link))
}

function foundBy(
  path: string,
  entry: EntryKind,
  hit: MaskHit,
  stat: BigIntStats,
  by: MaskReason['by'],
  via?: string,
): Found {
  const { pattern, origin, preset } = hit
  return {
    path,
    entry,
    reason: { pattern, origin, by: hit.hides === true ? 'hidden' : by, via },
    preset,
    stat,
  }
}

/** The end of a chain of links; undefined if it is dangling or goes in circles. */
function targetOf(work: Work, link: string): string | undefined {
  try {
    return fromBytes(realpathSync.native(fsPath(link), { encoding: 'buffer' }))
  } catch (error) {
    return explainMissing(work, resolve(parentOf(link), linkTarget(link) ?? ''), error)
  }
}

function statOf(work: Work, path: string): BigIntStats | undefined {
  try {
    return lstatSync(fsPath(path), { bigint: true })
  } catch (error) {
    return explainMissing(work, path, error)
  }
}

/** Gone is fine; closed to us but not to an agent that calls chmod is masked as a whole; else we stop. */
function explainMissing(work: Work, path: string, error: unknown): undefined {
  const code = codeOf(error)
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined
  if (code !== 'EACCES') return fail({ code: 'scan-failed', path, reason: code }, error)
  const locked = lockedAncestor(path, work.roots)
  if (locked !== undefined) add(work, locked)
  return undefined
}

/** Tells whether a path is, or is inside, a directory that is masked as a whole or hidden. */
function coverage({ found, hidden = [] }: Work): (path: string) => boolean {
  const whole = new Set(hidden)
  for (const { path, entry } of found.values()) if (entry === 'directory') whole.add(path)
  return (path) => {
    for (let at = path; at !== '/'; at = parentOf(at)) if (whole.has(at)) return true
    return false
  }
}

function isHidden({ hidden = [] }: Work, path: string): boolean {
  return hidden.includes(path)
}
