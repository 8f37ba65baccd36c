import { isWithin } from '../host/paths.ts'

/** How our line is recognised, whatever else has become of it. */
const MARKER = '# agentbox activate'

/**
 * The line that goes into a start file: sources the script, and says so where it has gone, for agents then
 * start without a box. Reads as POSIX sh, zsh or fish. Pure.
 */
export function activationLine(script: string, home: string, fish: boolean): string {
  const place =
    isWithin(script, home) && !/["$`\\!]/.test(script)
      ? `"$HOME${script.slice(home.length)}"`
      : `'${script.replaceAll("'", fish ? String.raw`\'` : String.raw`'\''`)}'`
  const gone = 'agentbox: its start file is gone, agents start unboxed: agentbox activate --write'
  return fish
    ? `if test -r ${place}; source ${place}; else; echo '${gone}' >&2; end ${MARKER}`
    : `if [ -r ${place} ]; then . ${place}; else echo '${gone}' >&2; fi ${MARKER}`
}

/**
 * The file with the line at its end. `undefined` stands for no file. `withoutLine` gives the very bytes
 * back: a file that did not end in a line break does not with our line either. Pure.
 */
export function withLine(text: string | undefined, line: string): string {
  const clean = text === undefined ? undefined : withoutLine(text)
  if (clean === undefined) return `${line}\n`
  if (clean === '') return line
  return clean.endsWith('\n') ? `${clean}${line}\n` : `${clean}\n${line}`
}

/** The file as it was before; `undefined` where it was made for our line alone. Pure. */
export function withoutLine(text: string): string | undefined {
  const lines = text.split('\n')
  const ours = (line: string): boolean => line.trimEnd().endsWith(MARKER)
  if (!lines.some(ours)) return text
  const rest = lines.filter((line) => !ours(line))
  if (rest.length === 1 && rest[0] === '' && text.endsWith('\n')) return undefined
  return rest.join('\n')
}
