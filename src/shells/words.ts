import type { Command } from '../commands/types.ts'

/** The table of commands as completion and manual need it. Pure. */
export interface Spoken {
  name: string
  summary: string
  /** What may stand first behind the name: from the usage, `install | show WHAT`, or the command's own. */
  words: readonly string[]
  /** Whether it takes files. */
  files: boolean
  takesCommand: boolean
  options: SpokenOption[]
}

export interface SpokenOption {
  name: string
  short: string | undefined
  about: string
  /** What to write behind it; undefined for a switch. */
  value: string | undefined
  choices: readonly string[]
}

export function spoken(commands: readonly Command[]): Spoken[] {
  return commands
    .filter(({ hidden }) => hidden !== true)
    .map(({ name, summary, usage, words = wordsOf(usage), takesCommand, options }) => ({
      name,
      summary,
      words,
      files: words.length === 0 || usage.endsWith(' FILE'),
      takesCommand: takesCommand === true,
      options: Object.entries(options).map(([option, { type, short, about, value, choices = [] }]) => ({
        name: option,
        short,
        about,
        value: type === 'string' ? (value ?? 'VALUE') : undefined,
        choices,
      })),
    }))
}

function wordsOf(usage: string): string[] {
  return usage
    .replace(/^\[(.*)\]$/, '$1')
    .split(' | ')
    .flatMap((one) => /^[a-z]+/.exec(one)?.[0] ?? [])
}

export const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
