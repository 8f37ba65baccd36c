import type { HistoryFinding } from '../git/history.ts'

/** What was found in a project and on this machine. Names are the repository's, and not yet escaped. */
export interface Findings {
  /** Known agents that are in PATH. */
  agents: string[]
  /** Presets of registries, with the file that speaks for each, from the project's root. */
  presets: Found[]
  /** Hosts of registries that the project's own files name. */
  hosts: Found[]
  frameworks: { name: string; port: number; from: string }[]
  /** Masked files. */
  secrets: string[]
  /** Masked names that git has, where no mask hides them. */
  inGit: HistoryFinding[]
  /** Files that hold credentials and that no mask covers, each with what was found first. */
  unmasked: { path: string; line: number; what: string }[]
  /** A file that agents can be shown in place of `.env`. */
  example: string | undefined
  /** Parts that one may want to close. */
  delicate: string[]
  repository: boolean
}

export interface Found {
  value: string
  from: string
}

/** What goes into the policy. */
export interface Choices {
  mode: 'allow' | 'none'
  /** Presets with `@`, and hosts. */
  allow: Found[]
  /** Files to be masked, from the project's root. */
  patterns: string[]
  /** `.env` is replaced by this. */
  substitute: string | undefined
  readonly: string[]
}

/**
 * What is taken without asking: presets of the usual registries, masks for files that hold credentials (a mask
 * takes away only), and nothing else that only the project's text says.
 */
export function usualChoices({ presets, unmasked }: Findings): Choices {
  const allow = presets.map(({ value, from }) => ({ value: `@${value}`, from }))
  const patterns = unmasked.map(({ path }) => path)
  return { mode: 'allow', allow, patterns, substitute: undefined, readonly: [] }
}
