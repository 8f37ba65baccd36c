import { lstatSync, type Stats } from 'node:fs'
import { fail } from '../errors.ts'
import { fsPath } from '../host/bytes.ts'
import { parentOf } from '../host/paths.ts'

/** The names of a repository's policy; `shell/shim.sh` looks for the same ones. */
export const RC_NAMES = ['.agentboxrc', '.agentboxrc.yaml', '.agentboxrc.yml', '.agentboxrc.json'] as const

/** A policy file that is there. It has not been looked into: it may turn out to be no file at all. */
export interface RcFile {
  path: string
  /** The directory that its relative paths start from. */
  dir: string
}

/**
 * The policy file of one directory. Whatever stands under one of the names counts, also a dangling link
 * or a FIFO: reading it fails, so that it never passes for "no policy". Two are `policy-ambiguous`.
 */
export function findRc(dir: string): RcFile | undefined {
  const found = RC_NAMES.map((name) => (dir === '/' ? `/${name}` : `${dir}/${name}`)).filter(exists)
  if (found.length > 1) fail({ code: 'policy-ambiguous', files: found })
  return found[0] === undefined ? undefined : { path: found[0], dir }
}

/**
 * The policy files of `cwd` (absolute, resolved) and of every directory above it, outermost first. The
 * search does not end at a repository's root, so that entering a submodule or a nested clone never
 * leaves the policy around it.
 */
export function findPolicyFiles(cwd: string): RcFile[] {
  const files: RcFile[] = []
  for (let dir = cwd; ; dir = parentOf(dir)) {
    const rc = findRc(dir)
    if (rc) files.unshift(rc)
    if (dir === '/') return files
  }
}

/** Every path that `findPolicyFiles` looks at. */
export function policyPlaces(cwd: string): string[] {
  const places: string[] = []
  for (let dir = cwd; ; dir = parentOf(dir)) {
    places.push(...RC_NAMES.map((name) => (dir === '/' ? `/${name}` : `${dir}/${name}`)))
    if (dir === '/') return places
  }
}

/** Only "there is nothing" is absence; a directory that cannot be searched might hold a policy. */
function exists(path: string): boolean {
  return lstatOrFail(path) !== undefined
}

export function lstatOrFail(path: string): Stats | undefined {
  try {
    return lstatSync(fsPath(path), { throwIfNoEntry: false })
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    return fail(
      { code: 'policy-invalid', issues: [{ file: path, problem: `cannot be looked for (${reason})` }] },
      error,
    )
  }
}
