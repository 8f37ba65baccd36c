/**
 * Adding commands to the hooks of a JSON file without touching another byte of it, so that taking them away
 * again gives back the file. Pure.
 */

export interface JsonCommand {
  name: string
  command: string
}

/** `section` is a top-level key, or undefined for the file as a whole. Undefined if the file is not understood. */
export function addCommands(
  text: string,
  section: string | undefined,
  commands: readonly JsonCommand[],
): string | undefined {
  let out = text
  for (const { name, command } of commands) {
    const added = addCommand(out, section, name, command)
    if (added === undefined || !isJson(added)) return undefined
    out = added
  }
  return out
}

export function removeCommands(
  text: string,
  section: string | undefined,
  commands: readonly JsonCommand[],
): string {
  let out = text
  for (const { name, command } of commands.toReversed()) {
    const at = objectAt(out, section)
    if (at === undefined) continue
    const body = out.slice(at)
    const lone = new RegExp(`\\s*"${name}":\\s*${literal(JSON.stringify(command))},?`)
    const joined = ` && ${inside(command)}"`
    const chained = body.indexOf(joined)
    if (lone.test(body)) out = out.slice(0, at) + body.replace(lone, '')
    else if (chained >= 0) out = `${out.slice(0, at + chained)}"${body.slice(chained + joined.length)}`
  }
  return out
}

function addCommand(
  text: string,
  section: string | undefined,
  name: string,
  command: string,
): string | undefined {
  const at = objectAt(text, section)
  if (at === undefined) return undefined
  const body = text.slice(at)
  if (body.includes(inside(command))) return text
  const own = new RegExp(`"${name}"\\s*:\\s*"((?:[^"\\\\]|\\\\.)*)"`).exec(objectBody(body))
  if (own !== null) {
    const end = at + own.index + own[0].length - 1
    return `${text.slice(0, end)} && ${inside(command)}${text.slice(end)}`
  }
  const space = /^\s*/.exec(body)![0]
  const empty = body.slice(space.length).startsWith('}')
  const indent = empty ? '' : space
  return `${text.slice(0, at)}${indent}"${name}": ${JSON.stringify(command)}${empty ? '' : ','}${body}`
}

/** The index behind the opening brace. */
function objectAt(text: string, section: string | undefined): number | undefined {
  const head = section === undefined ? /^\s*\{/.exec(text) : new RegExp(`"${section}"\\s*:\\s*\\{`).exec(text)
  return head === null ? undefined : head.index + head[0].length
}

/** Up to the closing brace; the values are strings, which may hold braces. */
function objectBody(body: string): string {
  return /^(?:[^"}]|"(?:[^"\\]|\\.)*")*/.exec(body)![0]
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** As it stands between the quotes of a JSON text. */
const inside = (command: string): string => JSON.stringify(command).slice(1, -1)
const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
