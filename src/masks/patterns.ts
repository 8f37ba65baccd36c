import { nameOf } from '../host/paths.ts'
import type { Origin, PatternRule, Sourced } from '../policy/types.ts'
import { fold, type Glob, GlobError, matchName, matchPath, parseGlobs } from './glob.ts'
import { compileBuiltIn } from './builtin.ts'
import { interestingPattern } from './interesting.ts'
import { joined, type Sieve, sieveOf } from './sieve.ts'

/**
 * Which rule masks a path. Meaning of a pattern, close to .gitignore: without a slash it is about a base
 * name anywhere; with one it is about a path below `base` (at any depth if there is no base); `x/` and
 * `x/**` are about a directory. Case never counts.
 *
 * An exception lifts built-in patterns and those of the policy file that it stands in, nothing else:
 * - the user's patterns hold against every repository, an outer rc's against an inner one, and a
 *   repository's against the user (whoever wants a secret masked gets it masked);
 * - an exception of a repository reaches only below its own file's directory, not into granted
 *   directories elsewhere; one that names a directory (`fixtures/`) covers what is in it;
 * - a built-in exception lifts patterns of its own preset only.
 * Whether an exception was granted at all is decided before: what is not approved is not in the policy.
 */
export interface Matcher {
  /** True for every base name that could match; a cheap sieve for the scan. */
  interesting: Sieve
  /** The rule that masks this path (absolute), after exceptions. */
  match(path: string, isDirectory: boolean): MaskHit | undefined
  /** Whether an exception that may lift the rule of this hit names the other path. */
  lifts(hit: MaskHit, path: string, isDirectory: boolean): boolean
}

export interface MaskHit {
  pattern: string
  origin: Origin
  /** Where the rule is from, to decide which exceptions may lift it. */
  base?: string | undefined
  /** Name of the built-in preset that the pattern belongs to. */
  preset?: string | undefined
  /** Nothing is said about its content: the policy hides the place. */
  hides?: boolean | undefined
}

interface Rule extends MaskHit {
  globs: Glob[]
}

/** Combines the built-in presets with a policy's rules, which `checkPattern` must have accepted. */
export function compileMatcher(policy: {
  patterns: readonly Sourced<PatternRule>[]
  except: readonly Sourced<PatternRule>[]
}): Matcher {
  const builtIn = compileBuiltIn()
  const own = policy.patterns.map(policyRule)
  const except = policy.except.map(policyRule)

  const lifts = (hit: MaskHit, path: string, isDirectory: boolean): boolean =>
    (hit.preset !== undefined && builtIn.excepted(hit.preset, path, isDirectory)) ||
    except.some((rule) => mayLift(rule, hit) && exempts(rule, path, isDirectory))
  const match = (path: string, isDirectory: boolean): MaskHit | undefined => {
    for (const hit of builtIn.hits(path, isDirectory)) {
      if (!lifts(hit, path, isDirectory)) return hit
    }
    return own.find((rule) => names(rule, path, isDirectory) && !lifts(rule, path, isDirectory))
  }
  return { interesting: joined(builtIn.sieve, sieveOf([], ownPatterns(own))), match, lifts }
}

/** The same, and these paths (absolute, without links) as a whole, whatever stands there. */
export function alsoHiding(matcher: Matcher, hidden: readonly Sourced<string>[]): Matcher {
  if (hidden.length === 0) return matcher
  const hits = new Map(
    hidden.map(({ value, origin }): [string, MaskHit] => [value, { pattern: value, origin, hides: true }]),
  )
  return {
    interesting: joined(matcher.interesting, sieveOf(hidden.map(({ value }) => nameOf(value)))),
    match: (path, isDirectory) => hits.get(path) ?? matcher.match(path, isDirectory),
    lifts: (hit, path, isDirectory) => hit.hides !== true && matcher.lifts(hit, path, isDirectory),
  }
}

/** The pattern that names one file, by its path from the pattern's base, and nothing else. */
export function literalPattern(path: string): string {
  return `/${path.replaceAll(/[\\*?[\]{}!]/g, String.raw`\$&`)}`
}

/** Whether one of the rules alone names a file (absolute), or a directory above it. */
export function compileList(rules: readonly Sourced<PatternRule>[]): (path: string) => boolean {
  const own = rules.map(policyRule)
  return (path) =>
    own.some((rule) => names(rule, path, false) || rule.globs.some((glob) => covers(glob, rule.base, path)))
}

function policyRule({ value, origin }: Sourced<PatternRule>): Rule {
  return { pattern: value.pattern, origin, base: value.base, globs: parseGlobs(value.pattern) }
}

function ownPatterns(own: Rule[]): RegExp[] {
  return own.length === 0 ? [] : [interestingPattern(own.flatMap(({ globs }) => globs))]
}

function mayLift(except: MaskHit, hit: MaskHit): boolean {
  if (hit.preset !== undefined) return true
  const sameLayer = except.origin.layer === hit.origin.layer
  return sameLayer && (except.origin.layer !== 'repo' || except.base === hit.base)
}

function names(rule: Rule, path: string, isDirectory: boolean): boolean {
  return rule.globs.some((glob) => globMatches(glob, rule.base, path, isDirectory))
}

/** Whether an exception names the path, or a directory above it. */
function exempts(rule: Rule, path: string, isDirectory: boolean): boolean {
  if (rule.origin.layer === 'repo' && below(path, rule.base) === undefined) return false
  return names(rule, path, isDirectory) || rule.globs.some((glob) => covers(glob, rule.base, path))
}

function globMatches(glob: Glob, base: string | undefined, path: string, isDirectory: boolean): boolean {
  if (glob.directory && !isDirectory) return false
  if (!glob.anchored) {
    const name = glob.segments[0]!
    return name === '**' || matchName(name, fold(path.slice(path.lastIndexOf('/') + 1)))
  }
  const rest = below(path, base)
  if (rest === undefined) return false
  const segments = base === undefined ? (['**', ...glob.segments] as const) : glob.segments
  return matchPath([...segments], rest.split('/').map(fold))
}

/** Whether an exception for a directory names one of the directories that hold the path. */
function covers(glob: Glob, base: string | undefined, path: string): boolean {
  if (!glob.directory) return false
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (globMatches(glob, base, path.slice(0, end), true)) return true
  }
  return false
}

/** The path relative to the base, which must hold it; without a base, to the root. */
function below(path: string, base: string | undefined): string | undefined {
  const prefix = base === undefined || base === '/' ? '/' : `${base}/`
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined
}

const MAX_PATTERN = 256
/** A pattern that fits all names of one line would mask (or lift) nearly everything. */
const PROBES = [
  ['a', 'b7', 'README', 'Makefile', 'src'],
  ['a.b', 'index.ts', 'x.y.z', 'main.test.js'],
  ['.a', '.hidden', '.gitignore', '.x.y'],
]
const PROBE_PARENTS = ['', 'aa/', 'aa/bb.c/', 'aa/bb.c/dd/']

/** What is wrong with a pattern of a policy, as a clause without a final stop; undefined if nothing is. */
export function checkPattern(pattern: string): string | undefined {
  if (pattern.trim() === '') return 'is empty'
  if (pattern.length > MAX_PATTERN) return `is longer than ${MAX_PATTERN} characters`
  if (/[\0-\x1f\x7f]/.test(pattern)) return 'holds a control character'
  if (pattern.startsWith('!')) return 'cannot be negated with `!`; list the name under masks.except instead'
  if (/^~([^/]*\/|$)/.test(pattern))
    return 'cannot begin with `~`; patterns are about paths inside the project'
  if (/^\/(home|root|Users)\/./.test(pattern)) {
    return 'is an absolute path; a leading `/` stands for the directory of the policy file'
  }
  if (/^[/*]*$/.test(pattern)) return pattern.includes('*') ? 'matches everything' : 'can match nothing'
  return checkGlobs(pattern)
}

function checkGlobs(pattern: string): string | undefined {
  try {
    const globs = parseGlobs(pattern)
    if (globs.some(({ segments }) => segments.some((one) => one.length > 255)))
      return 'can match nothing: no name is that long'
    return matchesEverything(globs) ? 'matches everything' : undefined
  } catch (error) {
    if (error instanceof GlobError) return error.message
    throw error
  }
}

function matchesEverything(globs: Glob[]): boolean {
  return PROBE_PARENTS.some((parent) =>
    PROBES.some((group) =>
      group.every((name) => globs.some((glob) => globMatches(glob, '/base', `/base/${parent}${name}`, true))),
    ),
  )
}
