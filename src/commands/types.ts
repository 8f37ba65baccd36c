/** A command as data: `cli.ts` parses, prints help and completions from it. */
export interface Command {
  name: string
  /** What follows the name in the usage line. `one | other` are also what completion offers. */
  usage: string
  /** What completion offers where the usage does not name it. */
  words?: readonly string[]
  summary: string
  options: Record<string, Option>
  /** May be followed by a command of the user's, whose options are not ours. */
  takesCommand?: boolean
  /** Not for people: in no list. */
  hidden?: boolean
  examples: readonly string[]
  /** Returns the exit status. */
  run(call: Call): Promise<number> | number
}

export interface Option {
  type: 'boolean' | 'string'
  about: string
  /** One letter. */
  short?: string
  /** For `string`: what to write in its place. */
  value?: string
  choices?: readonly string[]
  /** May be given more than once; the value is then a list. */
  multiple?: true
}

export type Values = Record<string, string | boolean | string[] | undefined>

export interface Call {
  values: Values
  positionals: string[]
  /** The whole table. */
  commands: readonly Command[]
  env: NodeJS.ProcessEnv
  /** Directory of the built program: helper, shim. */
  installDir: string
  out(text: string): void
  talk(text: string): void
}

export const jsonOption: Option = { type: 'boolean', about: 'print a versioned JSON object' }
