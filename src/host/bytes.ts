/**
 * File names and arguments are bytes on Linux, strings in JavaScript. A byte that is not valid UTF-8
 * becomes a lone surrogate U+DC80–U+DCFF (as in Python's `surrogateescape`), so that every name
 * survives the way through the program, through JSON too, and comes out as the same bytes.
 */

const ESCAPED = /[\uDC80-\uDCFF]/
const REPLACED = '\uFFFD'

/** Decodes bytes; invalid ones become escapes. Never throws. */
export function fromBytes(bytes: Buffer): string {
  const quick = bytes.toString('utf8')
  if (!quick.includes(REPLACED)) return quick
  let out = ''
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at)
    out += length === 0 ? String.fromCharCode(0xdc00 + bytes[at]!) : bytes.toString('utf8', at, at + length)
    at += length === 0 ? 1 : length
  }
  return out
}

/** Encodes a string made by `fromBytes` (or any ordinary string) to the bytes it stands for. */
export function toBytes(text: string): Buffer {
  if (!ESCAPED.test(text)) return Buffer.from(text, 'utf8')
  const parts: Buffer[] = []
  for (const char of text) {
    const code = char.charCodeAt(0)
    const escaped = char.length === 1 && code >= 0xdc80 && code <= 0xdcff
    parts.push(escaped ? Buffer.from([code - 0xdc00]) : Buffer.from(char, 'utf8'))
  }
  return Buffer.concat(parts)
}

/** What to hand to a `node:fs` call: the string itself where that is exact, otherwise the bytes. */
export function fsPath(path: string): string | Buffer {
  return ESCAPED.test(path) ? toBytes(path) : path
}

/** Length of the valid UTF-8 sequence that starts at `at`, or 0 if there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!
  const length =
    first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (length < 2) return length
  if (at + length > bytes.length) return 0
  // The decoder knows about overlong forms and surrogates; it answers with U+FFFD for any of them.
  const text = bytes.toString('utf8', at, at + length)
  return text.includes(REPLACED) && !isReplacementItself(bytes, at) ? 0 : length
}

function isReplacementItself(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd
}
