import { both, canonical, checkText, type Check } from './text.ts'

/**
 * Where a path in a policy may lead: `grant` anywhere, also `..`; `own-grant` the same but not relative
 * (the user's configuration belongs to no directory); `inside` only down from the file's directory;
 * `own-inside` down from the project, or a full path.
 */
export type PathRule = 'grant' | 'own-grant' | 'inside' | 'own-inside' | 'any'

const RULES: Record<PathRule, Check> = {
  any: () => undefined,
  grant: () => undefined,
  'own-grant': (path) =>
    isFull(path) ? undefined : 'is relative: in your own configuration write it from / or ~/',
  inside: (path) =>
    isFull(path) ? 'must be relative: it restricts a part of the project' : checkNoParent(path),
  'own-inside': (path) => (isFull(path) ? undefined : checkNoParent(path)),
}

export function checkPath(rule: PathRule): Check {
  return both(checkText, checkUnexpanded, RULES[rule])
}

function isFull(path: string): boolean {
  return path.startsWith('/') || path === '~' || path.startsWith('~/')
}

function checkNoParent(path: string): string | undefined {
  return path.split('/').includes('..')
    ? 'leads out with "..": a restriction stays inside the directory of its file'
    : undefined
}

/** What a shell would expand and agentbox does not: taken literally it would protect nothing. */
function checkUnexpanded(path: string): string | undefined {
  if (path.startsWith('~') && !isFull(path))
    return "is another user's home, which is not expanded: write the full path"
  if (/\$[A-Za-z_{(]/.test(path))
    return 'has a variable, which is not expanded: write the path itself, or ~/ for the home'
  if (/[*?]/.test(path)) return 'is a pattern, but a path is needed: only masks take patterns'
  return undefined
}

/** Absolute and lexically normal, without a trailing slash; `path` has passed `checkPath`. */
export function absolutePath(path: string, dir: string, home: string): string {
  const name = canonical(path)
  if (name === '~') return normalPath(home)
  if (name.startsWith('~/')) return normalPath(`${home}/${name.slice(2)}`)
  return normalPath(name.startsWith('/') ? name : `${dir}/${name}`)
}

/** Without `.`, `..` and doubled slashes; links are not looked at. */
export function normalPath(path: string): string {
  const out: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') out.pop()
    else if (part !== '' && part !== '.') out.push(part)
  }
  return `/${out.join('/')}`
}
