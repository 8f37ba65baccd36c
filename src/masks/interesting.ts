import type { Glob, Token } from './glob.ts'

/**
 * One regular expression over base names that is true for every name that one of the globs could match
 * (and for some more: it is a sieve, `match` decides). It runs once for each file of the project, so it
 * keeps to shapes that cost time linear in the name: a literal beginning, a literal end, or a literal part.
 */
export function interestingPattern(globs: Iterable<Glob>): RegExp {
  return new RegExp(sourceOf(globs), 'is')
}

function sourceOf(globs: Iterable<Glob>): string {
  const shapes = { exact: new Set<string>(), start: new Set<string>(), end: new Set<string>() }
  const both = new Map<string, Set<string>>()
  const within = new Set<string>()
  for (const glob of globs) {
    const tokens = glob.segments.at(-1)
    if (tokens === undefined || tokens === '**') return '(?:)'
    const start = literal(tokens)
    const end = start.length === tokens.length ? '' : literal(tokens, true)
    if (start.length === tokens.length) shapes.exact.add(start)
    else if (start !== '' && end !== '') both.set(start, (both.get(start) ?? new Set()).add(end))
    else if (start !== '') shapes.start.add(start)
    else if (end !== '') shapes.end.add(end)
    else {
      const part = longestLiteral(tokens)
      if (part === '') return '(?:)'
      within.add(part)
    }
  }
  return combine(shapes, both, within)
}

function combine(
  shapes: { exact: Set<string>; start: Set<string>; end: Set<string> },
  both: Map<string, Set<string>>,
  within: Set<string>,
): string {
  const bothSources = [...both].map(([start, ends]) => `${escape(start)}.*(?:${anyOf(ends)})$`)
  const atStart = [
    ...(shapes.exact.size > 0 ? [`(?:${anyOf(shapes.exact)})$`] : []),
    ...(shapes.start.size > 0 ? [anyOf(shapes.start)] : []),
    ...bothSources,
  ]
  const sources = [
    ...(atStart.length > 0 ? [`^(?:${atStart.join('|')})`] : []),
    ...(shapes.end.size > 0 ? [`(?:${anyOf(shapes.end)})$`] : []),
    ...(within.size > 0 ? [anyOf(within)] : []),
  ]
  return sources.join('|')
}

const anyOf = (literals: Iterable<string>): string => [...literals].map(escape).join('|')

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

/** The literal text with which the tokens begin, or end. */
function literal(tokens: Token[], fromEnd = false): string {
  const ordered = fromEnd ? tokens.toReversed() : tokens
  const stop = ordered.findIndex((token) => typeof token !== 'number')
  const run = ordered.slice(0, stop < 0 ? undefined : stop) as number[]
  return String.fromCharCode(...(fromEnd ? run.toReversed() : run))
}

function longestLiteral(tokens: Token[]): string {
  let best = ''
  let run = ''
  for (const token of tokens) {
    run = typeof token === 'number' ? run + String.fromCharCode(token) : ''
    if (run.length > best.length) best = run
  }
  return best
}
