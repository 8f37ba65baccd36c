import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { makeDirs } from '../host/make-dirs.ts'
import { fail } from '../errors.ts'
import { fsPath } from '../host/bytes.ts'
import { lstatOf, realpathOf } from '../host/files.ts'
import { parentOf } from '../host/paths.ts'
import { withLine, withoutLine } from './line.ts'

/** Bytes as latin1, since a start file may be in any encoding; undefined if there is none. */
export function readStartFile(path: string): string | undefined {
  try {
    return readFileSync(fsPath(path), 'latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && lstatOf(path) === undefined) return undefined
    return fail({ code: 'io', action: 'read', path, reason: (error as Error).message }, error)
  }
}

/** True if the file has changed. A link of a dotfile manager stays one: its target is what changes. */
export function addLine(path: string, line: string): boolean {
  const before = readStartFile(path)
  return replace(path, before, withLine(before, Buffer.from(line).toString('latin1')))
}

export function removeLine(path: string): boolean {
  const before = readStartFile(path)
  return before !== undefined && replace(path, before, withoutLine(before))
}

function replace(path: string, before: string | undefined, after: string | undefined): boolean {
  if (before === after) return false
  const real = realpathOf(path) ?? path
  try {
    if (after === undefined) {
      rmSync(fsPath(real))
      return true
    }
    makeDirs(parentOf(real))
    const mode = before === undefined ? 0o644 : statSync(fsPath(real)).mode & 0o7777
    const temporary = fsPath(`${real}.agentbox-${process.pid}`)
    writeFileSync(temporary, Buffer.from(after, 'latin1'), { mode, flag: 'wx' })
    renameSync(temporary, fsPath(real))
    return true
  } catch (error) {
    return fail({ code: 'io', action: 'change', path: real, reason: (error as Error).message }, error)
  }
}
