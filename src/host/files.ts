import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from 'node:fs'
import { fromBytes, fsPath } from './bytes.ts'

/** What stands at a path, the link itself if it is one; undefined if nothing does or it cannot be seen. */
export function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(fsPath(path), { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** The path without symlinks, or undefined if it leads nowhere. */
export function realpathOf(path: string): string | undefined {
  try {
    return fromBytes(realpathSync.native(fsPath(path), { encoding: 'buffer' }))
  } catch {
    return undefined
  }
}

/** A link's own text, or undefined if the path is no link. */
export function linkTarget(path: string): string | undefined {
  try {
    return fromBytes(readlinkSync(fsPath(path), { encoding: 'buffer' }))
  } catch {
    return undefined
  }
}

/**
 * Reads a regular file without following a link at its end and without waiting on a FIFO; undefined if it
 * is anything else, cannot be read, or is longer than `limit` bytes.
 */
export function readRegular(path: string, limit: number): Buffer | undefined {
  return withFile(path, (fd) => contentOf(fd, limit))
}

function withFile(path: string, read: (fd: number) => Buffer | undefined): Buffer | undefined {
  let fd: number
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants
    fd = openSync(fsPath(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
  } catch {
    return undefined
  }
  try {
    return read(fd)
  } catch {
    return undefined
  } finally {
    closeSync(fd)
  }
}

function contentOf(fd: number, limit: number): Buffer | undefined {
  const stat = fstatSync(fd)
  return stat.isFile() && stat.size <= limit ? readFileSync(fd) : undefined
}

/** As `readRegular`, of what the path leads to. */
export function readThroughLinks(path: string, limit: number): Buffer | undefined {
  return readRegular(realpathOf(path) ?? '', limit)
}

/**
 * Reads the very regular file that was looked at. A box may swap a directory on the way for a symlink while this
 * is done; then the descriptor's own path or its inode differs, and there is nothing to read.
 */
export function readExactly(
  path: string,
  expected: { dev: bigint | string; ino: bigint | string },
  limit: number,
): Buffer | undefined {
  return withFile(path, (fd) => {
    const { dev, ino } = fstatSync(fd, { bigint: true })
    const same = `${dev}:${ino}` === `${expected.dev}:${expected.ino}`
    return same && linkTarget(`/proc/self/fd/${fd}`) === path ? contentOf(fd, limit) : undefined
  })
}

/** What is in a directory, exact to the byte; nothing where it cannot be read. */
export function namesIn(dir: string): string[] {
  try {
    return readdirSync(fsPath(dir), 'buffer').map(fromBytes)
  } catch {
    return []
  }
}

/** May this user write there? False on a read-only file system too. */
export function isWritable(path: string): boolean {
  return mayAccess(path, constants.W_OK)
}

export function isReadable(path: string): boolean {
  return mayAccess(path, constants.R_OK)
}

function mayAccess(path: string, mode: number): boolean {
  try {
    accessSync(fsPath(path), mode)
    return true
  } catch {
    return false
  }
}
