import { parseArgs } from 'node:util'
import type { Command, Option, Values } from '../commands/types.ts'
import { fail } from '../errors.ts'

export interface ParsedCall {
  values: Values
  positionals: string[]
}

/**
 * Splits a command's arguments into its own options and the rest. Where a command of the user's may
 * follow, everything from its first word or `--` on is that command's, byte for byte. Pure.
 */
export function parseCall(command: Command, args: readonly string[]): ParsedCall {
  const end = command.takesCommand === true ? ownPart(command, args) : args.length
  const own = args.slice(0, end)
  const rest = args.slice(args[end] === '--' ? end + 1 : end)
  const { values, positionals } = parse(command, own)
  check(command, values)
  checkEmpty(command, values, command.takesCommand === true ? [] : positionals)
  // `deny HOST` must not take everything back: what a command would ignore is a mistake.
  if (command.usage === '' && values['help'] !== true && positionals.length > 0)
    fail({ code: 'usage', text: `${command.name} takes no argument`, command: command.name })
  return { values, positionals: [...positionals, ...rest] }
}

function parse(command: Command, args: readonly string[]): ParsedCall {
  const options: Record<string, { type: Option['type']; short?: string; multiple?: true }> = {
    help: { type: 'boolean', short: 'h' },
  }
  for (const [name, { type, short, multiple }] of Object.entries(command.options)) {
    options[name] = {
      type,
      ...(short === undefined ? {} : { short }),
      ...(multiple === true ? { multiple } : {}),
    }
  }
  try {
    const spelt = args.map((arg) => spelling(command, arg))
    const { values, positionals } = parseArgs({ args: spelt, options, allowPositionals: true })
    return { values: values as Values, positionals }
  } catch (error) {
    const text = (error as Error).message
      .split(/\.\s/)[0]!
      .replace('argument is ambiguous', 'argument missing')
    return fail({ code: 'usage', text: `${command.name}: ${text}`, command: command.name })
  }
}

/** `--learn=permit` is `--learn-permit`: a switch with a stronger form beside it. */
function spelling({ options }: Command, arg: string): string {
  const [, name, form] = /^--([a-z-]+)=([a-z]+)$/.exec(arg) ?? []
  if (name === undefined || options[name]?.type !== 'boolean') return arg
  return options[`${name}-${form}`]?.type === 'boolean' ? `--${name}-${form}` : arg
}

/** Index of the first word that is not an option of ours. */
function ownPart(command: Command, args: readonly string[]): number {
  let at = 0
  for (; at < args.length; at++) {
    const arg = args[at]!
    if (arg === '--' || !arg.startsWith('-') || arg === '-') break
    const name = arg.slice(2)
    if (!arg.includes('=') && command.options[name]?.type === 'string') at++
  }
  return Math.min(at, args.length)
}

/** An unset variable in a script is no value: `secret edit ""` or `scan ""` would mean this directory. */
function checkEmpty({ name, options }: Command, values: Values, positionals: readonly string[]): void {
  const isEmpty = (option: string): boolean =>
    options[option]?.type === 'string' && [values[option]].flat().includes('')
  const empty = Object.keys(values).find(isEmpty)
  if (empty !== undefined) fail({ code: 'usage', text: `--${empty} has an empty value`, command: name })
  if (positionals.includes('')) fail({ code: 'usage', text: `${name}: an argument is empty`, command: name })
}

function check(command: Command, values: Values): void {
  for (const [name, { choices }] of Object.entries(command.options)) {
    const value = values[name]
    if (choices === undefined || typeof value !== 'string' || choices.includes(value)) continue
    fail({ code: 'usage', text: `--${name} is one of: ${choices.join(', ')}`, command: command.name })
  }
}
