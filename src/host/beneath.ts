import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { fsPath } from './bytes.ts'

/**
 * Files below a directory that an agent could write: it may have put links anywhere in it, and may move
 * them while we look. Every step is opened without following links and held by descriptor, which through
 * /proc/self/fd gives Node what `openat` gives C.
 */

export const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Reads a regular file of at most `limit` bytes; undefined if there is none or a link is in the way. */
export function readBeneath(root: string, relative: string, limit: number): Buffer | undefined {
  return within(root, relative, false, (place) => {
    const fd = openSync(place, FILE)
    try {
      const stat = fstatSync(fd)
      return stat.isFile() && stat.size <= limit ? readFileSync(fd) : undefined
    } finally {
      closeSync(fd)
    }
  })
}

/** Writes a file (mode 0600) in one step, making directories as needed; false if a link is in the way. */
export function writeBeneath(root: string, relative: string, content: Buffer): boolean {
  const done = within(root, relative, true, (place) => {
    const temporary = `${place}.${process.pid}-${process.hrtime.bigint()}`
    try {
      const fd = openSync(
        temporary,
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
        0o600,
      )
      try {
        writeFileSync(fd, content)
        fchmodSync(fd, 0o600)
      } finally {
        closeSync(fd)
      }
      renameSync(temporary, place)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
    return true
  })
  return done === true
}

/** Makes a directory and those above it; leaves it alone if a link is in the way. */
export function makeDirBeneath(root: string, relative: string): void {
  within(root, relative, true, makeDir)
}

/**
 * Calls back with a name for `relative` whose directory is held, so that no link on the way counts; undefined
 * if a link or nothing is on the way. What the callback throws is thrown.
 */
export function heldBeneath<T>(root: string, relative: string, use: (place: string) => T): T | undefined {
  let outcome: { value: T } | { error: unknown } | undefined
  within(root, relative, false, (place) => {
    try {
      outcome = { value: use(place) }
    } catch (error) {
      outcome = { error }
    }
  })
  if (outcome !== undefined && 'error' in outcome) throw outcome.error
  return outcome?.value
}

function within<T>(root: string, relative: string, make: boolean, use: (place: string) => T): T | undefined {
  const parts = relative.split('/')
  const name = parts.pop()!
  let dir: number | undefined
  try {
    dir = openSync(fsPath(root), DIRECTORY)
    for (const part of parts) {
      const place = placeIn(dir, part)
      if (make) makeDir(place)
      const next = openSync(fsPath(place), DIRECTORY)
      closeSync(dir)
      dir = next
    }
    return use(placeIn(dir, name))
  } catch {
    return undefined
  } finally {
    if (dir !== undefined) closeSync(dir)
  }
}

export function placeIn(dir: number, name: string): string {
  return `/proc/self/fd/${dir}/${name}`
}

function makeDir(place: string): void {
  try {
    mkdirSync(place, 0o700)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
