/** Path arithmetic on absolute, normalised paths. Pure. */

/** Is `path` the directory `parent` or inside it? */
export function isWithin(path: string, parent: string): boolean {
  return path === parent || path.startsWith(parent === '/' ? '/' : `${parent}/`)
}

/** Inside it, and not the directory itself. */
export function isBelow(path: string, parent: string): boolean {
  return path !== parent && isWithin(path, parent)
}

export function parentOf(path: string): string {
  const end = path.lastIndexOf('/')
  return end <= 0 ? '/' : path.slice(0, end)
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The directories strictly between `root` and `path`, outermost first. Empty if `path` is not below. */
export function ancestorsBetween(root: string, path: string): string[] {
  const out: string[] = []
  for (let dir = parentOf(path); dir !== root && isWithin(dir, root); dir = parentOf(dir)) out.unshift(dir)
  return out
}
