/**
 * A small glob language over names that may hold any bytes: `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}`,
 * `\` before a special character, and `**` as a whole path segment. Own code rather than a glob library
 * for two reasons: patterns come from repositories, and translated into a backtracking regular
 * expression `*a*a*a*a*b` takes exponential time; and it runs at every launch, where compiling some
 * hundred regular expressions is what one would notice.
 */

interface CharacterSet {
  negated: boolean
  /** Pairs of first and last code unit. */
  ranges: [number, number][]
}

/** A folded UTF-16 code unit, any one character, any run of characters, or a set. */
export type Token = number | '?' | '*' | CharacterSet

/** `**` stands for any number of directories, none included. */
type Segment = Token[] | '**'

export interface Glob {
  /** The pattern without its outer slashes. */
  segments: Segment[]
  /** It has a slash other than a last one, so it is about a place and not about a name anywhere. */
  anchored: boolean
  /** Ends in a slash or in `/**`: a directory with all that it holds. */
  directory: boolean
}

/** At most this many alternatives from `{a,b}` in one pattern. */
const MAX_ALTERNATIVES = 256
const SPECIAL = '*?[]{},!\\'

/** Why a pattern cannot be understood, as a clause for the policy's author. */
export class GlobError extends Error {}

/**
 * Folds case exactly as a regular expression with the flag `i` does, so that `match` never finds what
 * the combined expression overlooks (`String.toLowerCase` would map the Kelvin sign to `k`, `i` does not).
 */
export function fold(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toUpperCase()
  let out = ''
  for (let at = 0; at < text.length; at++) out += foldUnit(text[at]!)
  return out
}

function foldUnit(unit: string): string {
  const upper = unit.toUpperCase()
  if (upper.length !== 1) return unit
  return unit > '\x7f' && upper <= '\x7f' ? unit : upper
}

/** All globs that a pattern stands for (several where it has braces). Throws `GlobError`. */
export function parseGlobs(pattern: string): Glob[] {
  return expandBraces(pattern).map(parseGlob)
}

/** `{a,b}` written out. Throws `GlobError` for an unclosed brace and for too many alternatives. */
function expandBraces(pattern: string): string[] {
  const open = findUnescaped(pattern, '{', 0)
  if (open < 0) return [pattern]
  const { parts, close } = alternatives(pattern, open)
  const tails = expandBraces(pattern.slice(close + 1))
  const out = parts.flatMap(expandBraces).flatMap((part) => tails.map((tail) => part + tail))
  if (out.length > MAX_ALTERNATIVES) throw new GlobError('stands for too many alternatives')
  return out.map((rest) => pattern.slice(0, open) + rest)
}

function alternatives(pattern: string, open: number): { parts: string[]; close: number } {
  const parts: string[] = []
  let depth = 0
  let start = open + 1
  for (let at = open; at < pattern.length; at++) {
    const char = pattern[at]
    if (char === '\\') at++
    else if (char === '{') depth++
    else if (char === ',' && depth === 1) {
      parts.push(pattern.slice(start, at))
      start = at + 1
    } else if (char === '}' && --depth === 0) {
      parts.push(pattern.slice(start, at))
      return { parts, close: at }
    }
    if (depth > 4) throw new GlobError('nests braces too deeply')
  }
  throw new GlobError('has an unclosed `{`, so it can match nothing')
}

function findUnescaped(pattern: string, wanted: string, from: number): number {
  for (let at = from; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++
    else if (pattern[at] === wanted) return at
  }
  return -1
}

function parseGlob(pattern: string): Glob {
  let parts = pattern.split('/')
  const leading = parts[0] === '' && parts.length > 1
  if (leading) parts = parts.slice(1)
  let directory = false
  while (parts.length > 1 && (parts.at(-1) === '' || parts.at(-1) === '**')) {
    if (parts.at(-1) === '' && directory) throw new GlobError('has an empty part between slashes')
    directory = true
    parts = parts.slice(0, -1)
  }
  return { segments: parts.map(parseSegment), anchored: leading || parts.length > 1, directory }
}

function parseSegment(part: string): Segment {
  if (part === '**') return '**'
  if (part === '') throw new GlobError('has an empty part between slashes')
  if (part === '.') throw new GlobError('has a `.` part, which names nothing; leave it out')
  if (part === '..') throw new GlobError('has a `..` part; patterns cannot leave their directory')
  const tokens: Token[] = []
  for (let at = 0; at < part.length; at++) {
    const char = part[at]!
    if (char === '*') {
      if (tokens.at(-1) !== '*') tokens.push('*')
    } else if (char === '?') tokens.push('?')
    else if (char === '[') {
      const { set, close } = parseSet(part, at)
      tokens.push(set)
      at = close
    } else if (char === '\\') tokens.push(foldUnit(escaped(part, ++at)).charCodeAt(0))
    else tokens.push(foldUnit(char).charCodeAt(0))
  }
  return tokens
}

function escaped(part: string, at: number): string {
  const char = part[at]
  if (char === undefined || !SPECIAL.includes(char)) {
    throw new GlobError('has a `\\` that escapes nothing; directories are separated by `/`')
  }
  return char
}

function parseSet(part: string, open: number): { set: CharacterSet; close: number } {
  const negated = part[open + 1] === '!' || part[open + 1] === '^'
  const ranges: [number, number][] = []
  const first = open + (negated ? 2 : 1)
  for (let at = first; at < part.length; at++) {
    // As in every shell, a `]` that comes first is a member.
    if (part[at] === ']' && at > first) return { set: { negated, ranges }, close: at }
    const low = part[at] === '\\' ? escaped(part, ++at) : part[at]!
    const isRange = part[at + 1] === '-' && at + 2 < part.length && part[at + 2] !== ']'
    const high = isRange ? part[(at += 2)]! : low
    if (high < low) throw new GlobError('has a range that runs backwards, so it can match nothing')
    ranges.push([low.charCodeAt(0), high.charCodeAt(0)])
  }
  throw new GlobError('has an unclosed `[`, so it can match nothing')
}

/** Whether the tokens match the whole of a folded name. Time is at most tokens × length. */
export function matchName(tokens: Token[], name: string): boolean {
  let token = 0
  let at = 0
  let star = -1
  let starAt = 0
  while (at < name.length) {
    const current = tokens[token]
    const width = current === undefined || current === '*' ? 0 : widthOf(current, name, at)
    if (width > 0) {
      token++
      at += width
    } else if (current === '*') {
      star = token++
      starAt = at
    } else if (star >= 0) {
      // Only the last star ever needs to give way: an earlier one could not make a difference.
      token = star + 1
      at = ++starAt
    } else return false
  }
  while (tokens[token] === '*') token++
  return token === tokens.length
}

/** The same over the parts of a path, where `**` is the star. */
export function matchPath(segments: Segment[], names: string[]): boolean {
  let segment = 0
  let at = 0
  let star = -1
  let starAt = 0
  while (at < names.length) {
    const current = segments[segment]
    if (current === '**') {
      star = segment++
      starAt = at
    } else if (current !== undefined && matchName(current, names[at]!)) {
      segment++
      at++
    } else if (star >= 0) {
      segment = star + 1
      at = ++starAt
    } else return false
  }
  while (segments[segment] === '**') segment++
  return segment === segments.length
}

/** How many code units the token takes at this place: 0 is no match. */
function widthOf(token: number | '?' | CharacterSet, name: string, at: number): number {
  const unit = name.charCodeAt(at)
  if (typeof token === 'number') return token === unit ? 1 : 0
  const next = name.charCodeAt(at + 1)
  const pair = unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000
  if (token === '?') return pair ? 2 : 1
  return inSet(token, name[at]!) === token.negated ? 0 : pair && token.negated ? 2 : 1
}

function inSet(set: CharacterSet, unit: string): boolean {
  const lower = unit.toLowerCase()
  const codes = [unit.charCodeAt(0), lower.length === 1 ? lower.charCodeAt(0) : unit.charCodeAt(0)]
  return set.ranges.some(([low, high]) => codes.some((code) => code >= low && code <= high))
}
