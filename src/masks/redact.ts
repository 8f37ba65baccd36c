import { isConventionalName } from './words.ts'

/** Files longer than this (in UTF-16 units, and for callers in bytes) are not shown. */
export const MAX_REDACTED = 1024 * 1024

/** Lines that stand for what is not shown. They are ours, so a second pass leaves them as they are. */
const NAME_HIDDEN = '# (a line is hidden)'
const REST_HIDDEN = '# (the rest of the file is hidden: its lines can be read in more than one way)'
const OURS = new Set([NAME_HIDDEN, REST_HIDDEN])

/**
 * A dotenv file with its names and without its values, below the header (one comment line); undefined if
 * it cannot be shown safely: NUL, not UTF-8, too long.
 *
 * Parsers of such files disagree: bash opens a quote in the middle of a value, dotenv only at its start,
 * docker never; a backslash at the end of a line continues it or not; phpdotenv finds `="` in comments. So
 * a line counts only as far as *all* readings agree. The set of states that the readings can be in after
 * a line is therefore one of three: all at top level; all inside the same quoted value (or, those that go
 * line by line, at top level, and both meet again at the closing quote); or not the same, which cannot be
 * mended later, and hides the rest of the file.
 */
export function redactKeys(content: string, header: string): string | undefined {
  if (content.length > MAX_REDACTED || content.includes('\0') || content.includes('\uFFFD')) return undefined
  if (/\p{Surrogate}/u.test(content)) return undefined
  const comment = headerLine(header)
  const lines = content.replace(/^\uFEFF/, '').split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (lines[0] === comment) lines.shift()
  return [comment, ...redactLines(lines), ''].join('\n')
}

function headerLine(header: string): string {
  const line = header.replace(/[^\x20-\x7e\xa0-\ufffc]|[\u2028\u2029]/g, ' ').trim()
  return line.startsWith('#') ? line : `# ${line}`
}

type State = 'top' | '"' | "'" | 'unsure'

function redactLines(lines: string[]): string[] {
  const out: string[] = []
  let state: State = 'top'
  for (const line of lines) {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line
    if (state === 'top') {
      const step = topLevel(text)
      out.push(step.shown)
      state = step.next
    } else state = insideQuotes(text, state)
    if (state === 'unsure') return endingUnsure(out)
  }
  // A quote that is never closed: the readings that give up on it take the lines one by one instead.
  return state === 'top' ? out : endingUnsure(out)
}

function endingUnsure(out: string[]): string[] {
  return out.at(-1) === REST_HIDDEN ? out : [...out, REST_HIDDEN]
}

interface Step {
  shown: string
  next: State
}

/** Characters that some readings take for the end of a line. */
const OTHER_LINE_ENDS = /[\r\v\f\x1c-\x1e\x85\u2028\u2029]/
const ASSIGNMENT = /^([ \t]*)(export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)([ \t]*)(=|:(?=[ \t]|$))([ \t]*)(.*)$/s

function topLevel(line: string): Step {
  if (OURS.has(line)) return { shown: line, next: line === REST_HIDDEN ? 'unsure' : 'top' }
  if (OTHER_LINE_ENDS.test(line) || endsInBackslash(line)) return unsure()
  if (/^[ \t]*$/.test(line)) return { shown: '', next: 'top' }
  if (/^[ \t]*#/.test(line)) return isUnsafeComment(line) ? unsure() : { shown: '#', next: 'top' }
  const parts = ASSIGNMENT.exec(line)
  if (parts === null) return unsure()
  const [, indent = '', keyword, name = '', before, sign = '=', after, value = ''] = parts
  // dotenv's expression lets the value of `A:` be the next line, and takes `A : b` for nothing.
  if (sign === ':' && (after === '' || before !== '')) return unsure()
  const read = readValue(
    value,
    indent + (keyword ?? '') + name + before === name && sign === '=' && after === '',
  )
  if (read === undefined) return unsure()
  // An indented line continues the one above in some readings (INI, YAML).
  if (indent !== '' || !isConventionalName(name)) return { shown: NAME_HIDDEN, next: read.next }
  const start = `${keyword === undefined ? '' : 'export '}${name}${before === '' ? '' : ' '}${sign}`
  const hash = after !== '' && read.quotes === '' ? '#' : ' #'
  const gap = after === '' ? '' : ' '
  return { shown: `${start}${gap}${read.quotes}${read.comment ? hash : ''}`, next: read.next }
}

/** phpdotenv starts a value at `="` in a comment too, and counts the quotes that have no backslash. */
const isUnsafeComment = (line: string): boolean =>
  isOdd(line, '"') || (line.includes('"') && line.includes('\\'))

const unsure = (): Step => ({ shown: REST_HIDDEN, next: 'unsure' })

interface Value {
  quotes: '' | '""' | "''" | '``'
  comment: boolean
  next: State
}

/** Undefined unless every reading is at top level, or inside the same quotes, at the end of the line. */
function readValue(value: string, tight: boolean): Value | undefined {
  const quote = value[0]
  if (tight && (quote === '"' || quote === "'") && isOpening(value, quote)) {
    return { quotes: quote === '"' ? '""' : "''", comment: false, next: quote }
  }
  if (opensMore(value)) return undefined
  const whole = /^(?:"((?:[^"\\]|\\[^\\])*)"|'([^'\\]*)')[ \t]*$/s.exec(value)
  if (whole !== null) return wholeValue(whole)
  if (value.includes('\\') && /["'`]/.test(value)) return undefined
  if (kindsOfQuotes(value) > 1 || ['"', "'", '`'].some((one) => isOdd(value, one))) return undefined
  if (!isBalanced(value, '(', ')') || (value.includes('${') && !isBalanced(value, '{', '}'))) return undefined
  if (quotesInBraces(value)) return undefined
  // JSON or YAML that goes on in the next line.
  if (/^[[{]/.test(value) && !(isBalanced(value, '[', ']') && isBalanced(value, '{', '}'))) return undefined
  if (value.includes('(') && /[#"'`]/.test(value)) return undefined
  const comment = /^#|[ \t]#/.test(value)
  const first = /^(["'`])[^"'`]*\1[ \t]*(?:$|[ \t]#)/.exec(value)?.[1]
  const quotes = first === undefined ? '' : (`${first}${first}` as Value['quotes'])
  return { quotes, comment, next: 'top' }
}

/** For bash a quote in `${…}` may hide the brace that closes it: `A=${B:-"}"` goes on in the next line. */
const quotesInBraces = (value: string): boolean =>
  value.includes('${') && /["'`]/.test(value) && !/^(?:[^$]|\$(?!\{)|\$\{[^{}"'`]*\})*$/.test(value)

/** A value in quotes from its first to its last character. */
function wholeValue([, double, single]: RegExpExecArray): Value | undefined {
  const inner = double ?? single ?? ''
  if (double !== undefined) {
    // A reading without escapes sees `"{\"a\":1}"` as several strings: fine if they come out even.
    if (isOdd(inner, '"') || inner.includes('`')) return undefined
    if (inner.includes('"') && inner.includes("'")) return undefined
    if (inner.includes('${') && (!isBalanced(inner, '{', '}') || inner.includes("'"))) return undefined
    if (quotesInBraces(inner)) return undefined
  } else if (isOdd(inner, '"')) return undefined
  return { quotes: double === undefined ? "''" : '""', comment: false, next: 'top' }
}

/** Command substitution, arithmetic, here-documents and PEM blocks, which may go on in the next line. */
function opensMore(value: string): boolean {
  if (/\$\(|\$\[|<<|<\(|>\(/.test(value)) return true
  if (value.includes('-----BEGIN') && !value.includes('-----END')) return true
  // YAML block scalars.
  return /^[|>][-+0-9]*[ \t]*(?:#.*)?$/.test(value)
}

/** `"` and nothing in the line that closes it, or that one reading could take for something else. */
function isOpening(value: string, quote: string): boolean {
  const rest = value.slice(1)
  return !/[`\\$]/.test(rest) && !rest.includes(quote) && (quote === '"' || !rest.includes('"'))
}

/**
 * Inside a value of several lines. Readings that do not know such values go line by line; they meet the
 * others again behind a closing line, unless that line looks to them like the start of such a value.
 */
function insideQuotes(line: string, quote: '"' | "'"): State {
  if (/[`\\$]/.test(line) || OTHER_LINE_ENDS.test(line)) return 'unsure'
  if (quote === "'" && line.includes('"')) return 'unsure'
  if (!line.includes(quote)) return opensAgain(line) ? 'unsure' : quote
  const closed = line.indexOf(quote) === line.trimEnd().length - 1
  return closed && !opensAgain(line) ? 'top' : 'unsure'
}

/** `NAME="…`, or a line of an assignment with an odd quote: what a line-by-line reading would open. */
const opensAgain = (line: string): boolean => /[=:][ \t]*["'`]/.test(line) || line.includes('<<')

const endsInBackslash = (line: string): boolean => /\\[ \t]*$/.test(line)

function isOdd(text: string, char: string): boolean {
  return text.split(char).length % 2 === 0
}

function kindsOfQuotes(text: string): number {
  return ['"', "'", '`'].filter((quote) => text.includes(quote)).length
}

function isBalanced(text: string, open: string, close: string): boolean {
  let depth = 0
  for (const char of text) {
    if (char === open) depth++
    else if (char === close && --depth < 0) return false
  }
  return depth === 0
}
