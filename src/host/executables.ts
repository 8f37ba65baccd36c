import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { fail } from '../errors.ts'
import { fsPath } from './bytes.ts'
import type { Executable } from '../plan/program.ts'
import { realpathOf } from './files.ts'
import { nameOf } from './paths.ts'

const SHIM_MARKER = 'agentbox-shim-v1'

/** Finds a command as `execvp` would, passing over agentbox's own shims. Fails with 127 or 126. */
export function findExecutable(name: string, path: string, cwd: string): Executable {
  if (name === '') fail({ code: 'command-not-found', name })
  if (name.includes('/')) return named(name, name.startsWith('/') ? name : `${cwd}/${name}`, path)
  const candidates = path
    .split(':')
    .map((dir) => (dir.startsWith('/') ? `${dir}/${name}` : `${cwd}/${dir || '.'}/${name}`))
  const found = candidates.find((candidate) => isProgram(candidate) && !isShim(candidate))
  if (found === undefined) fail({ code: 'command-not-found', name })
  return named(name, found, path)
}

/** The program at a given place, under a given name. Fails with 127 or 126. */
function named(name: string, place: string, path: string): Executable {
  const real = realpathOf(place)
  if (real === undefined) fail({ code: 'command-not-found', name })
  if (!isProgram(place))
    fail({ code: 'command-not-runnable', path: place, reason: 'it is not an executable file' })
  return { name, found: place, real, interpreter: interpreterOf(real, path) }
}

function isProgram(path: string): boolean {
  try {
    accessSync(fsPath(path), constants.X_OK)
    return statSync(fsPath(path)).isFile()
  } catch {
    return false
  }
}

function isShim(path: string): boolean {
  return headOf(path).includes(SHIM_MARKER)
}

function interpreterOf(real: string, path: string): Executable['interpreter'] {
  const line = /^#!\s*(\S+)(?:\s+(?:-S\s+)?(\S+))?/.exec(headOf(real))
  if (line === null) return undefined
  const byName = nameOf(line[1]!) === 'env' ? line[2] : undefined
  const places = byName === undefined ? [line[1]!] : path.split(':').map((dir) => `${dir}/${byName}`)
  const found = places.find((place) => place.startsWith('/') && isProgram(place))
  const target = found === undefined ? undefined : realpathOf(found)
  return found === undefined || target === undefined
    ? undefined
    : { name: nameOf(found), found, real: target }
}

function headOf(path: string): string {
  try {
    const fd = openSync(fsPath(path), constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const buffer = Buffer.alloc(512)
      return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0))
    } finally {
      closeSync(fd)
    }
  } catch {
    return ''
  }
}
