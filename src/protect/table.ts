import { nameOf } from '../host/paths.ts'
import { type Sieve, sieveOf } from '../masks/sieve.ts'

/**
 * Names by who runs or obeys them: a base name, which counts at any depth, or with slashes the end of a path. One `*`
 * in the last part stands for anything.
 */
export type Runners = Readonly<Record<string, readonly string[]>>

export interface NameTable {
  /** True for the base name of everything that may be found, and for some more. */
  sieve: Sieve
  /** Who would run or obey what stands at an absolute path. */
  find(path: string): string | undefined
  /** The same of a link, which may also stand in the middle: a name that leads through it is found all the same. */
  findLink(path: string): string | undefined
}

type Named = readonly [name: string, runBy: string]

export function nameTable(runners: Runners): NameTable {
  const named = Object.entries(runners).flatMap(([runBy, names]) => names.map((name): Named => [name, runBy]))
  const between = named
    .filter(([name]) => name.includes('/'))
    .flatMap(([name, runBy]) => waysTo(name).map((way): Named => [way, runBy]))
  const bases = new Set([...named, ...between].map(([name]) => nameOf(name)))
  const find = (path: string): string | undefined => runByOf(named, path)
  return {
    sieve: sieveOf(
      [...bases].filter((name) => !name.includes('*')),
      patternsOf([...bases].filter((name) => name.includes('*'))),
    ),
    find,
    findLink: (path) => find(path) ?? runByOf(between, path),
  }
}

/** `a/b` of `a/b/c`, and `a`. */
function waysTo(name: string): string[] {
  const end = name.lastIndexOf('/')
  return end < 0 ? [] : [name.slice(0, end), ...waysTo(name.slice(0, end))]
}

/** One after the other: it is asked for what the sieve lets through, and must cost nothing at a start. */
function runByOf(list: readonly Named[], path: string): string | undefined {
  return list.find(([name]) => isEnd(path, name))?.[1]
}

function isEnd(path: string, name: string): boolean {
  const star = name.indexOf('*')
  if (star < 0) return path.endsWith(`/${name}`)
  const base = nameOf(path)
  const start = name.slice(0, star)
  const [first, last] = [nameOf(start), name.slice(star + 1)]
  if (base.length < first.length + last.length || !base.endsWith(last)) return false
  return path.slice(0, path.length - base.length + first.length).endsWith(`/${start}`)
}

/** Of what means something in an expression, names have dots only. `[^]`: a name may have line ends in it. */
function patternsOf(names: readonly string[]): RegExp[] {
  if (names.length === 0) return []
  return [new RegExp(`^(?:${names.join('|').replaceAll('.', '\\.').replaceAll('*', '[^]*')})$`)]
}
