import { readBeneath } from '../host/beneath.ts'
import { lstatOf } from '../host/files.ts'
import { isWithin, parentOf } from '../host/paths.ts'
import { RC_NAMES } from './find.ts'
import { absolutePath } from './paths.ts'
import { MAX_POLICY_BYTES } from './read.ts'
import { both, checkText, type Check } from './text.ts'

/**
 * `extends`: another policy file of the same repository, or the one that a package in `node_modules`
 * brings. Everything is looked up by reading; nothing is resolved by node, whose ways run code.
 */

const PACKAGE = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/
const PROGRAM = /\.[cm]?[jt]sx?$/i

export const checkExtends: Check = both(checkText, (reference) => {
  if (reference.includes('\\') || reference.includes('$'))
    return 'is neither a path that begins with ./ nor a package'
  if (!isPath(reference) && !PACKAGE.test(reference)) {
    return reference.startsWith('/') || reference.startsWith('~')
      ? 'is outside the repository: only its own files and packages can be extended'
      : "is not the name of a package; a file's path begins with ./"
  }
  return PROGRAM.test(reference) && isPath(reference) ? 'is a program: a policy is data' : undefined
})

/** A file of the repository; anything else is a package. */
export function isPath(reference: string): boolean {
  return reference.startsWith('./') || reference.startsWith('../')
}

/** A file to extend, read; `from` are the files that say where it is, its own path among them. */
export interface Extended {
  path: string
  bytes: Buffer
  from: string[]
}

/**
 * Finds what the policy file `file` refers to, not outside of `boundary` and through no link: an agent in
 * the box could set one. Answers with what is wrong as a clause.
 */
export function findExtended(reference: string, file: string, boundary: string): Extended | string {
  if (isPath(reference)) {
    const path = absolutePath(reference, parentOf(file), '/')
    return read(path, boundary, MAX_POLICY_BYTES, [path])
  }
  const dirs = packagesNamed(reference, parentOf(file), boundary)
  const [dir] = dirs
  if (dir === undefined) return `is not installed: there is no node_modules/${reference}/package.json`
  // Otherwise an agent could put a nearer one in place of the right one.
  if (dirs.length > 1) return `is installed twice, which leaves open what is meant: ${dirs.join(', ')}`
  return inPackage(dir, boundary)
}

function packagesNamed(name: string, from: string, boundary: string): string[] {
  const found: string[] = []
  for (let dir = from; isWithin(dir, boundary); dir = parentOf(dir)) {
    const place = `${dir === '/' ? '' : dir}/node_modules/${name}`
    if (lstatOf(`${place}/package.json`) !== undefined) found.push(place)
    if (dir === '/') break
  }
  return found
}

/** The file that the package's `agentbox` field names, or one called like a repository's policy. */
function inPackage(dir: string, boundary: string): Extended | string {
  const manifest = `${dir}/package.json`
  const read1 = read(manifest, boundary, 4 * MAX_POLICY_BYTES, [manifest])
  if (typeof read1 === 'string') return `has a package.json that ${read1}`
  const field = fieldOf(read1.bytes)
  if (field === null) return `has a package.json whose "agentbox" is not a path in the package`
  const names =
    field === undefined ? RC_NAMES.filter((name) => lstatOf(`${dir}/${name}`) !== undefined) : [field]
  const [name] = names
  if (name === undefined || names.length > 1)
    return 'has no policy: no "agentbox" in its package.json, and not exactly one .agentboxrc'
  const path = `${dir}/${name}`
  return read(path, boundary, MAX_POLICY_BYTES, [manifest, path])
}

/** Undefined if there is none, null if it is no path inside. */
function fieldOf(manifest: Buffer): string | undefined | null {
  let data: unknown
  try {
    data = JSON.parse(manifest.toString('utf8'))
  } catch {
    return null
  }
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'agentbox')) return undefined
  const field = (data as { agentbox: unknown }).agentbox
  if (typeof field !== 'string' || checkText(field) !== undefined) return null
  const parts = field.replace(/^\.\//, '').split('/')
  return parts.some((part) => part === '' || part === '.' || part === '..') || PROGRAM.test(field)
    ? null
    : parts.join('/')
}

function read(path: string, boundary: string, limit: number, from: string[]): Extended | string {
  if (!isWithin(path, boundary) || path === boundary) return `leads out of ${boundary}`
  const stat = lstatOf(path)
  if (stat === undefined) return 'is not there'
  const bytes = readBeneath(boundary, path.slice(boundary === '/' ? 1 : boundary.length + 1), limit)
  if (bytes !== undefined) return { path, bytes, from }
  if (stat.isFile() && stat.size > limit) return `is larger than ${limit / 1024} KiB`
  return 'cannot be read as a regular file through regular directories: links are not followed'
}
