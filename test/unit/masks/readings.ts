/**
 * How other programs read a dotenv file, as far as it matters here: on which lines (from 0) a name stands
 * at top level. Written for comparison with `redactKeys`, independently of it.
 */

const LINE_NAME = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[=:]/

/** The expression of the npm package dotenv (16 and 17), which is also that of Ruby's in essence. */
const DOTENV =
  /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)/gm

export function dotenvNames(text: string): string[] {
  return [...text.replace(/\r\n?/gm, '\n').matchAll(DOTENV)].map((match) => match[1]!)
}

/** phpdotenv splits into entries: `="` without its end opens one of several lines, in comments too. */
export function phpNames(text: string): string[] {
  const names: string[] = []
  let open = false
  for (const line of text.split(/\r\n|\n|\r/)) {
    const quotes = line.replaceAll('\\\\', '').match(/(?<!\\)"/g)?.length ?? 0
    if (open) {
      open = quotes === 0
      continue
    }
    const name = LINE_NAME.exec(line)?.[1]
    if (name !== undefined) names.push(name)
    open = line.includes('="') && quotes < 2
  }
  return names
}

/** bash: names of lines that begin while nothing is open: no quote, substitution, array, here-document. */
export function bashNames(text: string): string[] {
  const names: string[] = []
  const open: string[] = []
  let wordStart = true
  let heredocs: string[] = []
  for (let at = 0; at < text.length; at++) {
    if (open.length === 0 && (at === 0 || (text[at - 1] === '\n' && text[at - 2] !== '\\'))) {
      const end = text.indexOf('\n', at)
      const name = LINE_NAME.exec(text.slice(at, end < 0 ? undefined : end))?.[1]
      if (name !== undefined) names.push(name)
      wordStart = true
    }
    const char = text[at]!
    const top = open.at(-1)
    if (char === '\\' && top !== "'") {
      at++
      wordStart = false
    } else if (top === "'") {
      if (char === "'") open.pop()
    } else if (top === '"' && char === '"') open.pop()
    else if (top === '`' && char === '`') open.pop()
    else if (char === '`') open.push('`')
    else if (char === '$' && (text[at + 1] === '(' || text[at + 1] === '{' || text[at + 1] === '['))
      open.push(text[++at]!)
    else if (char === '"') open.push('"')
    else if (top === '"') continue
    else if (char === "'") open.push("'")
    else if (char === '#' && wordStart && top !== '{') {
      while (at + 1 < text.length && text[at + 1] !== '\n') at++
    } else if (char === '(') open.push('(')
    else if ((top === '(' && char === ')') || (top === '{' && char === '}') || (top === '[' && char === ']'))
      open.pop()
    else if (char === '<' && text[at + 1] === '<') {
      const word = /^<<-?[ \t]*["']?(\w+)/.exec(text.slice(at))
      if (word !== null) heredocs.push(word[1]!)
      at++
    } else if (char === '\n' && heredocs.length > 0) {
      for (const word of heredocs) {
        const rest = text.slice(at + 1)
        const end = new RegExp(`^\\t*${word}$`, 'm').exec(rest)
        at = end === null ? text.length : at + 1 + end.index + end[0].length
      }
      heredocs = []
    }
    wordStart = /[\s;&|()]/.test(char)
  }
  return names
}
