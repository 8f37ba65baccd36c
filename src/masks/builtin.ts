import type { Origin } from '../policy/types.ts'
import type { MaskHit } from './patterns.ts'
import { type MaskPreset, maskPresets } from './presets.ts'

/**
 * The built-in presets as regular expressions, one for each preset and, once something matches, one for
 * each pattern. Unlike a policy's patterns these are ours, so backtracking cannot be provoked, and
 * translating them takes a tenth of the time of expanding their braces.
 */

interface CompiledRule {
  pattern: string
  directory: boolean
  /** With a slash: tested on the path instead of the base name. */
  place: boolean
  source: string
  regex?: RegExp
}

interface CompiledPreset {
  name: string
  rules: CompiledRule[]
  except: CompiledRule[]
  /** True for the base names of all that the rules can match. */
  sieve?: RegExp
}

const ORIGIN: Origin = { layer: 'built-in' }

interface BuiltIn {
  /** Source of an expression (flags `is`) that is true for every base name that could match. */
  sieve: string
  /** The rules that name the path, exceptions not yet considered, in the order of the presets. */
  hits(path: string, isDirectory: boolean): MaskHit[]
  /** Whether an exception of the preset names the path. */
  excepted(preset: string, path: string, isDirectory: boolean): boolean
}

export function compileBuiltIn(): BuiltIn {
  const presets = maskPresets.map(compilePreset)
  const sieve = sieveOf(presets.flatMap(({ rules }) => rules))
  const hits = (path: string, isDirectory: boolean): MaskHit[] => {
    const name = baseName(path)
    return presets.flatMap((preset) => {
      preset.sieve ??= new RegExp(sieveOf(preset.rules), 'is')
      if (!preset.sieve.test(name)) return []
      return preset.rules
        .filter((rule) => names(rule, path, isDirectory))
        .map(({ pattern }) => ({ pattern, origin: ORIGIN, preset: preset.name }))
    })
  }
  const excepted = (preset: string, path: string, isDirectory: boolean): boolean =>
    presets.some(
      ({ name, except }) => name === preset && except.some((rule) => names(rule, path, isDirectory)),
    )
  return { sieve, hits, excepted }
}

function compilePreset({ name, patterns, except }: MaskPreset): CompiledPreset {
  return { name, rules: patterns.map(compileRule), except: except.map(compileRule) }
}

function compileRule(pattern: string): CompiledRule {
  const directory = pattern.endsWith('/')
  const source = translate(directory ? pattern.slice(0, -1) : pattern)
  return { pattern, directory, place: source.includes('/'), source }
}

function names(rule: CompiledRule, path: string, isDirectory: boolean): boolean {
  if (rule.directory && !isDirectory) return false
  rule.regex ??= new RegExp(`${rule.place ? '(?:^|/)' : '^'}(?:${rule.source})$`, 'is')
  return rule.regex.test(rule.place ? path : baseName(path))
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** `*`, `?`, `[...]` and `{a,b}` of our own patterns; `s` in the flags lets the dot be any character. */
function translate(pattern: string): string {
  let depth = 0
  return pattern.replace(/\[[^\]]*\]|./g, (piece) => {
    if (piece === '*') return '[^/]*'
    if (piece === '?') return '[^/]'
    if (piece === '{') depth++
    if (piece === '}') depth--
    if (piece === '{') return '(?:'
    if (piece === '}') return ')'
    if (piece === ',' && depth > 0) return '|'
    return piece.length > 1 ? piece : piece.replace(/[\\^$.+()|]/, '\\$&')
  })
}

/**
 * Joins the last path parts, by shape: an expression that begins with `.*` would be tried from every
 * start, so an outer star becomes a missing anchor instead.
 */
function sieveOf(rules: CompiledRule[]): string {
  const start: string[] = []
  const end: string[] = []
  const within: string[] = []
  for (const { source } of rules) {
    const last = source.slice(lastSlash(source) + 1)
    const open = last.startsWith(STAR)
    const closed = !last.endsWith(STAR)
    const body = last.slice(open ? STAR.length : 0, closed ? undefined : -STAR.length)
    if (!open) start.push(closed ? `(?:${body})$` : body)
    else (closed ? end : within).push(body)
  }
  const sources = [
    ...(start.length > 0 ? [`^(?:${start.join('|')})`] : []),
    ...(end.length > 0 ? [`(?:${end.join('|')})$`] : []),
    ...within,
  ]
  return sources.join('|')
}

const STAR = '[^/]*'

/** The last slash that separates directories, not one of a character class. */
function lastSlash(source: string): number {
  return source.replaceAll('[^/]', '[^.]').lastIndexOf('/')
}
