import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { fail } from '../errors.ts'
import { fsPath } from './bytes.ts'
import { realpathOf } from './files.ts'
import { isWithin, nameOf, parentOf } from './paths.ts'

/** A program as the user's shell would find it. */
export interface Executable {
  /** What was typed, or the name a shim stands for: the agent's argv[0]. */
  name: string
  /** Absolute, as found: possibly a symlink. */
  found: string
  /** Without symlinks. */
  real: string
  /** What a script's first line asks for. */
  interpreter?: { name: string; found: string; real: string } | undefined
}

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
export function named(name: string, place: string, path: string): Executable {
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

/**
 * What must be shown, read-only, for a program to run that is outside everything already shown: the top
 * `node_modules` around it (its own packages, siblings included), otherwise the file; its interpreter's
 * installation too, as found (a virtual environment) and as resolved. Never the home or anything above it.
 */
export function programFiles(
  { real, interpreter }: Executable,
  shown: readonly string[],
  home: string,
): string[] {
  const wanted = [packageRoot(real)]
  if (interpreter !== undefined) {
    wanted.push(installation(interpreter.found, home), installation(interpreter.real, home))
  }
  return wanted.filter((path) => !shown.some((dir) => isWithin(path, dir)) && !isWithin(home, path))
}

/** Names under which the box must offer programs whose directory on PATH it does not show. */
export function programLinks(
  { name, found, real, interpreter }: Executable,
  shown: readonly string[],
): [string, string][] {
  const hidden = (path: string): boolean => !shown.some((dir) => isWithin(path, dir))
  const links: [string, string][] = []
  if (nameOf(found) !== nameOf(name) || hidden(found))
    links.push([nameOf(name), hidden(found) ? real : found])
  if (interpreter !== undefined && hidden(interpreter.found)) links.push([interpreter.name, interpreter.real])
  return links
}

function packageRoot(real: string): string {
  const at = real.indexOf('/node_modules/')
  return at < 0 ? real : real.slice(0, at + '/node_modules'.length)
}

/** `<prefix>/bin/node` stands for `<prefix>`, unless that is the home or would show more than a tool. */
function installation(interpreter: string, home: string): string {
  const bin = parentOf(interpreter)
  const prefix = parentOf(bin)
  const tool =
    nameOf(bin) === 'bin' && !isWithin(home, prefix) && nameOf(prefix) !== '.local' && prefix !== '/'
  return tool ? prefix : interpreter
}
