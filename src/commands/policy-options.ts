import type { PolicyFlags } from '../config/flags.ts'
import type { Option, Values } from './types.ts'

/** Options of every command that takes the policy of this directory: the innermost layer. */
export const policyOptions: Record<string, Option> = {
  read: { type: 'string', value: 'PATH', multiple: true, about: 'show this path too, read-only' },
  write: { type: 'string', value: 'PATH', multiple: true, about: 'show this path too, writable' },
  readonly: {
    type: 'string',
    value: 'PATH',
    multiple: true,
    about: 'this part of the project cannot be written',
  },
  hide: { type: 'string', value: 'PATH', multiple: true, about: 'this part of the project cannot be seen' },
  mask: { type: 'string', value: 'PATTERN', multiple: true, about: 'mask these names too' },
  show: {
    type: 'string',
    value: 'MODE',
    choices: ['empty', 'keys', 'deny'],
    about: 'masked files read as: empty, keys (no values) or deny',
  },
  pass: { type: 'string', value: 'NAME', multiple: true, about: 'pass this variable' },
  network: {
    type: 'string',
    value: 'MODE',
    choices: ['none', 'allow', 'host'],
    about: 'none; allow: what is listed; host: that of this machine',
  },
  allow: { type: 'string', value: 'HOST', multiple: true, about: 'let this host be reached too' },
  home: {
    type: 'string',
    value: 'MODE',
    choices: ['private', 'ephemeral'],
    about: 'ephemeral: for this run only',
  },
  'without-grants': { type: 'boolean', about: 'go on without the grants that nobody approved' },
}

const NAMES = [
  'read',
  'write',
  'readonly',
  'hide',
  'mask',
  'show',
  'pass',
  'network',
  'allow',
  'home',
] as const

/** The same options as arguments of another call. */
export function policyArguments(values: Values): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (!(name in policyOptions) || value === undefined || value === false) return []
    if (value === true) return [`--${name}`]
    return [value].flat().flatMap((one) => [`--${name}`, one])
  })
}

/** The arguments of the same call without grants. */
export function withoutGrants(name: string, values: Values, command: readonly string[] = []): string[] {
  const options = policyArguments({ ...values, 'without-grants': true })
  return [name, ...options, ...(command.length === 0 ? [] : ['--', ...command])]
}

export function policyFlags(values: Values): PolicyFlags {
  const given = NAMES.filter((name) => values[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, values[name]])) as PolicyFlags
}
