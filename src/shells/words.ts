import type { Command } from '../commands/types.ts'

/** The table of commands as completion and manual need it. Pure. */
export interface Spoken {
  name: string
  summary: string
  /** What may stand first behind the name: from the usage, `install | list | remove`. */
  words: string[]
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
    .map(({ name, summary, usage, takesCommand, options }) => ({
      name,
      summary,
      words: /^\[?([\w-]+(?: \| [\w-]+)+)/.exec(usage)?.[1]?.split(' | ') ?? [],
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

export const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
