import { mkdirSync, statSync } from 'node:fs'
import { fsPath } from './bytes.ts'

/**
 * Makes a directory and those above it, as far as they are not there. Throws as `mkdirSync` does; that one's own
 * `recursive` never returns where a file system has no place for new names and says ENOENT, as /proc does.
 */
export function makeDirs(path: string, mode = 0o777): void {
  if (make(path, mode)) return
  const above = path.slice(0, path.replace(/\/+$/, '').lastIndexOf('/'))
  if (above !== '') makeDirs(above, mode)
  // Another process may have been faster.
  if (!make(path, mode)) mkdirSync(fsPath(path), { mode })
}

/** False: what is above it may not be there. */
function make(path: string, mode: number): boolean {
  try {
    mkdirSync(fsPath(path), { mode })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return false
    if (code === 'EEXIST' && statSync(fsPath(path)).isDirectory()) return true
    throw error
  }
}
