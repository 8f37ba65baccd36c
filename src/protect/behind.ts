import { linkTarget, lstatOf, namesIn, realpathOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import { pathsBehind } from '../masks/chain.ts'

/** Far more than settings and hooks have; what is beyond is not followed. */
const MOST_ENTRIES = 2000

/**
 * Whoever goes by a path follows the links in it: what counts is where they end, also if nothing is there yet.
 */
export function endOf(path: string): string {
  return realpathOf(path) ?? pathsBehind(path).at(-1) ?? path
}

/** Links in a circle lead nowhere: what `endOf` gives is one of them. */
export const isCircle = (end: string): boolean => linkTarget(end) !== undefined

/** The symbolic links in a directory, at any depth; none if it is no directory. The upper ones first. */
export function linksIn(dir: string): string[] {
  const there = lstatOf(dir)
  if (there === undefined || there.isFile()) return []
  const links: string[] = []
  const waiting = [dir]
  for (let left = MOST_ENTRIES, at = waiting.shift(); at !== undefined && left > 0; at = waiting.shift()) {
    for (const name of namesIn(at).slice(0, left)) {
      left--
      const path = `${at}/${name}`
      const stat = lstatOf(path)
      if (stat?.isSymbolicLink() === true) links.push(path)
      else if (stat?.isDirectory() === true && name !== 'node_modules') waiting.push(path)
    }
  }
  return links
}

/**
 * What else runs or steers where a directory does: a hook that is a link to a script of the project, settings that are
 * kept elsewhere. By the links that lead there. Not what is around the directory, and nothing of packages, which are
 * exchanged every day.
 */
export function placesBehind(dir: string): { path: string; via: string }[] {
  const found = new Map<string, string>()
  const waiting = [dir]
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    for (const via of linksIn(at)) {
      const path = endOf(via)
      const known = found.has(path) || isWithin(path, dir) || isWithin(dir, path)
      if (known || isCircle(path) || path.split('/').includes('node_modules')) continue
      found.set(path, via)
      waiting.push(path)
    }
  }
  return [...found].map(([path, via]) => ({ path, via }))
}
