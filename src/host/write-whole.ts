import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { makeDirs } from './make-dirs.ts'
import { fsPath } from './bytes.ts'
import { parentOf } from './paths.ts'

/** Replaces a file by one rename, so that nobody ever reads half of it; its mode stays. */
export function writeWhole(path: string, text: string): void {
  makeDirs(parentOf(path), 0o700)
  const mode = statSync(fsPath(path), { throwIfNoEntry: false })?.mode
  const temporary = fsPath(`${path}.${process.pid}.new`)
  const fd = openSync(temporary, 'wx', 0o644)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
    if (mode !== undefined) chmodSync(temporary, mode & 0o777)
    renameSync(temporary, fsPath(path))
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    closeSync(fd)
  }
}
