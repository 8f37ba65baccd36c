import { nameOf } from '../host/paths.ts'
import type { Origin } from '../policy/types.ts'
import type { MaskHit } from './patterns.ts'
import { type MaskPreset, maskPresets } from './presets.ts'
import { compiled, type Sieve, sieveOf } from './sieve.ts'

/**
 * The built-in presets as regular expressions: one for the rules and one for the exceptions of each. Unlike
 * a policy's patterns these are ours, so backtracking cannot be provoked, and translating them takes a
 * tenth of the time of expanding their braces.
 */

interface CompiledPreset {
  name: string
  patterns: string[]
  /** Regular expressions over the last part of a path, translated from the patterns. */
  sources: string[]
  except: string[]
  rulesRegex?: RegExp
  exceptRegex?: RegExp
}

const ORIGIN: Origin = { layer: 'built-in' }

interface BuiltIn {
  /** True for every base name that could match. */
  sieve: Sieve
  /** For each preset that names the path one of its rules, exceptions not yet considered. */
  hits(path: string, isDirectory: boolean): Iterable<MaskHit>
  /** Whether an exception of the preset names the path. */
  excepted(preset: string, path: string, isDirectory: boolean): boolean
}

export function compileBuiltIn(): BuiltIn {
  const presets = maskPresets.map(compilePreset)
  const sieve = sieveOf([], patternsOf(presets.flatMap(({ sources }) => sources)))
  return {
    sieve,
    *hits(path, isDirectory) {
      // The expressions of a preset are compiled at their first use, at each launch anew.
      if (!sieve.test(nameOf(path))) return
      for (const preset of presets) {
        preset.rulesRegex ??= pathRegex(preset.sources)
        const found = preset.rulesRegex.exec(subject(path, isDirectory))
        if (found === null) continue
        const index = found.findIndex((group, at) => at > 0 && group !== undefined) - 1
        yield { pattern: preset.patterns[index]!, origin: ORIGIN, preset: preset.name }
      }
    },
    excepted(name, path, isDirectory) {
      const preset = presets.find((one) => one.name === name)
      if (preset === undefined) return false
      preset.exceptRegex ??= pathRegex(preset.except)
      return preset.exceptRegex.test(subject(path, isDirectory))
    },
  }
}

function compilePreset({ name, patterns, except }: MaskPreset): CompiledPreset {
  return { name, patterns, sources: patterns.map(translate), except: except.map(translate) }
}

/** What the expressions are tested on: a directory's path ends in a slash. */
const subject = (path: string, isDirectory: boolean): string => (isDirectory ? `${path}/` : path)

/** A group for each pattern; it begins where a part of the path does, and holds the end of the path. */
function pathRegex(sources: string[]): RegExp {
  const groups = sources.map((source) => (source.endsWith('/') ? `(${source})` : `(${source})/?`))
  return compiled(new RegExp(`(?:^|/)(?:${groups.join('|')})$`, 'is'))
}

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
function patternsOf(sources: string[]): RegExp[] {
  const start: string[] = []
  const end: string[] = []
  const within: string[] = []
  for (const source of sources) {
    const last = lastPart(source)
    const open = last.startsWith(STAR)
    const closed = !last.endsWith(STAR)
    const body = last.slice(open ? STAR.length : 0, closed ? undefined : -STAR.length)
    if (!open) start.push(closed ? `(?:${body})$` : body)
    else (closed ? end : within).push(body)
  }
  const anywhere = [`(?:${end.join('|')})$`, ...within]
  return [new RegExp(`^(?:${start.join('|')})`, 'is'), new RegExp(anywhere.join('|'), 'is')]
}

const STAR = '[^/]*'

/** Behind the last slash that separates directories, which that of a character class does not. */
function lastPart(source: string): string {
  const whole = source.endsWith('/') ? source.slice(0, -1) : source
  return whole.slice(whole.replaceAll('[^/]', '[^.]').lastIndexOf('/') + 1)
}
