import { isWithin, nameOf, parentOf } from '../host/paths.ts'

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

/**
 * Names under which the box must offer programs that its PATH does not lead to: their directory is not shown,
 * or they were named by a path that is in no directory of `path` (an editor's own copy).
 */
export function programLinks(
  { name, found, real, interpreter }: Executable,
  shown: readonly string[],
  path: string,
): [string, string][] {
  const reached = path.split(':').includes(parentOf(found))
  const hidden = (path: string): boolean => !shown.some((dir) => isWithin(path, dir))
  const links: [string, string][] = []
  if (nameOf(found) !== nameOf(name) || hidden(found) || (!reached && !name.includes('/')))
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
