import { lstatOf, namesIn } from '../host/files.ts'
import { nameOf } from '../host/paths.ts'
import { listDirectory, type ScanEntry } from '../masks/scan.ts'
import { posesAsRepository, steeringParts, unwatchedNames } from '../protect/repositories.ts'

/** Of git's own directory: too much, or looked after elsewhere. */
const GITS_OWN = new Set(['objects', 'modules', 'worktrees'])

export interface Unwatched {
  /** What makes a repository of a directory: its `.git`, or its `HEAD`. */
  found: string[]
  /** Directories were left that nobody has looked into. */
  left: boolean
}

/** What a scan met of the places that it does not enter. */
export function unwatchedIn(entries: readonly ScanEntry[]): string[] {
  const places = entries.filter(({ name, kind }) => kind === 'directory' && unwatchedNames.test(name))
  return places.map(({ path }) => path)
}

/**
 * Repositories whose config or hooks have changed since (milliseconds) in places that neither scan nor watch enter:
 * whoever goes there, by hand or with a prompt that asks git, has them executed. A look at what stands there, the upper
 * directories first, and at no more than `most`: times of change cannot be set by whoever wrote the files.
 */
export function changedRepositories(starts: readonly string[], since: number, most: number): Unwatched {
  const queue = [...starts]
  const found: string[] = []
  for (let at = 0; at < queue.length; at++) {
    if (at === most) return { found, left: true }
    const dir = queue[at]!
    const isGits = nameOf(dir) === '.git'
    for (const entry of listDirectory(dir, []) ?? []) {
      const path = `${dir}/${entry.name}`
      if (entry.name === '.git') {
        if (isChanged(path, since)) found.push(path)
      } else if (entry.isDirectory() && !(isGits && GITS_OWN.has(entry.name))) queue.push(path)
    }
    if (!isGits && posesAsRepository(dir) && isChanged(dir, since)) found.push(`${dir}/HEAD`)
  }
  return { found, left: false }
}

/** A directory's own time tells nothing: git makes and removes files in it at every call. */
function isChanged(path: string, since: number): boolean {
  const stat = lstatOf(path)
  if (stat === undefined) return false
  const parts = stat.isDirectory()
    ? [...steeringParts, ...namesIn(`${path}/hooks`).map((name) => `hooks/${name}`)].map(
        (part) => `${path}/${part}`,
      )
    : [path]
  return parts.some((part) => (lstatOf(part)?.ctimeMs ?? 0) >= since)
}
