// What both protocols need: which command comes next, and text out of nested content.
import { randomBytes } from 'node:crypto'

export const newId = (prefix) => prefix + randomBytes(9).toString('hex')

const SHELLS = ['Bash', 'bash', 'shell', 'run_shell_command', 'execute_command', 'run_command']

/** The tool of the list that runs a shell command. */
export const shellOf = (tools) => tools.find(({ name }) => SHELLS.includes(name))

/** The text in a string, a content block, or a list of them. */
export function textOf(content) {
  if (content === undefined || content === null) return ''
  if (typeof content === 'string') return content
  if (Array.isArray(content)) return content.map(textOf).join('\n')
  return content.text ?? (textOf(content.content ?? content.output) || JSON.stringify(content))
}

/** The command that follows after `done` results, undefined when all have run. */
export function nextCommand(prompt, done) {
  const commands = [...prompt.matchAll(/RUN\{\{([\s\S]*?)\}\}/g)].map((match) => match[1])
  return [...new Set(commands)][done]
}

/** Arguments for a shell tool, made to fit the tool's own JSON schema. */
export function argumentsFor(schema, command) {
  const properties = schema?.properties ?? {}
  const key = ['command', 'cmd', 'script', 'input'].find((name) => name in properties) ?? 'command'
  const given = {
    [key]: String(properties[key]?.type).toLowerCase() === 'array' ? ['bash', '-lc', command] : command,
  }
  const required = (schema?.required ?? []).filter((name) => name !== key)
  return { ...Object.fromEntries(required.map((name) => [name, filler(properties[name])])), ...given }
}

function filler({ type = 'string', enum: choices } = {}) {
  if (choices !== undefined) return choices[0]
  const kind = [type].flat()[0].toLowerCase()
  const values = { string: 'run it', boolean: false, number: 30, integer: 30, array: [], object: {} }
  return values[kind]
}
