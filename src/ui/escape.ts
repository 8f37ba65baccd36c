/** Text from a repository, an agent or the environment, made safe to show on a terminal. Pure. */

const LIMIT = 200

// Controls, and characters that hide or reorder others: bidirectional marks, zero-width, line separators,
// tags, variation selectors; lone surrogates are bytes that were no text (see host/bytes.ts).
const UNSAFE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u3164\uD800-\uDFFF\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB]|[\u{E0000}-\u{E0FFF}]/gu

/** One line, at most `limit` characters, every unsafe character as an escape. */
export function shown(text: string, limit = LIMIT): string {
  const safe = text.replaceAll(UNSAFE, escapeOf)
  return safe.length <= limit ? safe : `${safe.slice(0, limit)}… (${text.length} characters)`
}

function escapeOf(char: string): string {
  const code = char.codePointAt(0)!
  if (char === '\n') return '\\n'
  if (char === '\t') return '\\t'
  if (char === '\r') return '\\r'
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}

/** For a command line that can be pasted into a POSIX shell; control characters by `$'…'` (bash, zsh). */
export function shellWord(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word
  if (word.search(UNSAFE) < 0) return `'${word.replaceAll("'", `'\\''`)}'`
  const escaped = word.replaceAll(/[\\']/g, '\\$&').replaceAll(UNSAFE, (char) => {
    const code = char.codePointAt(0)!
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`
    return [...Buffer.from(char, 'utf8')].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
  })
  return `$'${escaped}'`
}

/** JSON that is still JSON, and can be printed on a terminal: every unsafe character as JSON's own escape. */
export function jsonText(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent)
  // A line break is JSON.stringify's own: those of strings are escaped.
  return text.replaceAll(UNSAFE, (char) => (char === '\n' ? char : unitsOf(char)))
}

function unitsOf(char: string): string {
  return Array.from(
    { length: char.length },
    (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')
}
