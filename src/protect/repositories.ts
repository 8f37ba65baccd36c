import { lstatOf } from '../host/files.ts'
import { nameOf } from '../host/paths.ts'
import { sieveOf } from '../masks/sieve.ts'

/**
 * git takes any directory for a repository that has these, without a `.git`, and whoever enters it (a prompt, an
 * editor) obeys its config. By base name; most are ordinary names, and count beside a `HEAD` only.
 */
export const repositoryParts = sieveOf([
  'HEAD',
  'objects',
  'refs',
  'commondir',
  'config',
  'config.worktree',
  'hooks',
])

/** Directories that are not searched, with whatever repositories in them; see `skipVendored`. */
export const unwatchedNames = sieveOf(['node_modules', '.git'])

/** What makes git run something in such a directory. */
export const steeringParts = ['commondir', 'config', 'config.worktree', 'hooks'] as const

/** Whether git would take the directory itself for a repository. A `.git` is judged as a whole elsewhere. */
export function posesAsRepository(dir: string): boolean {
  const has = (name: string): boolean => lstatOf(`${dir}/${name}`) !== undefined
  return nameOf(dir) !== '.git' && has('HEAD') && (has('commondir') || (has('objects') && has('refs')))
}
