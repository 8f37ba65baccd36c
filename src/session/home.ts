import { writeFileSync } from 'node:fs'
import { fail } from '../errors.ts'
import { toBytes } from '../host/bytes.ts'
import { ensurePrivateDir } from '../host/dirs.ts'
import { lstatOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'

/** A repository's own place in the state directory. */
export interface PrivateHome {
  /** What the box sees as its home. The agent may have put anything in it. */
  home: string
  /** Notes of agentbox's own about it, outside the box. */
  notes: string
}

/** Where the private home of a project is; pure. Named after its path: hashing costs a launch 4 ms. */
export function privateHomeOf(state: string, project: string): PrivateHome {
  const id = directoryName(project)
  return { home: `${state}/homes/${id}/home`, notes: `${state}/homes/${id}` }
}

/**
 * A directory name for a path, different for different paths: slashes as `+`, every byte but letters,
 * digits, `.` and `-` as `%XX`, in parts where it would be longer than a name may be. No part is the name of
 * anything else in such a directory, since only parts begin with `=`.
 */
function directoryName(path: string): string {
  const safe = toBytes(path.slice(1))
    .toString('latin1')
    .replaceAll(/[^A-Za-z0-9./-]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replaceAll('/', '+')
  return (safe.match(/.{1,200}/g) ?? []).map((part) => `=${part}`).join('/')
}

/** Makes the private home if it is not there. Fails with `state-unusable`. */
export function ensurePrivateHome(state: string, home: PrivateHome, project: string, uid: number): void {
  for (const dir of [`${state}/homes`, home.notes, home.home]) ensurePrivateDir(dir, uid)
  // Empty is what a full disk leaves of it.
  if ((lstatOf(`${home.notes}/project`)?.size ?? 0) === 0)
    writeFileSync(`${home.notes}/project`, toBytes(`${project}\n`))
}

/**
 * bwrap makes mount points inside the private home, following links that an earlier session may have left
 * there. Fails if anything but a directory is on the way to one of `dests`.
 */
export function checkMountPoints(home: PrivateHome, boxHome: string, dests: readonly string[]): void {
  const seen = new Set<string>()
  for (const dest of dests) {
    if (dest === boxHome || !isWithin(dest, boxHome)) continue
    let place = home.home
    for (const part of dest
      .slice(boxHome.length + 1)
      .split('/')
      .slice(0, -1)) {
      place += `/${part}`
      if (seen.has(place)) continue
      seen.add(place)
      requireDirectory(place)
    }
    if (lstatOf(`${home.home}${dest.slice(boxHome.length)}`)?.isSymbolicLink() === true) {
      requireDirectory(`${home.home}${dest.slice(boxHome.length)}`)
    }
  }
}

function requireDirectory(place: string): void {
  const stat = lstatOf(place)
  if (stat === undefined || stat.isDirectory()) return
  fail({
    code: 'state-unusable',
    path: place,
    reason: 'an earlier session put a link or file where the box needs a directory; remove it',
  })
}
