import type { Spoken } from './words.ts'

/** A shell that can be activated. Adding one is a file here, its text in `shell/`, a line in `index.ts`. */
export interface Shell {
  name: string
  /** What of its start files the line goes to, in the order in which the shell reads them. */
  startFiles(place: Place): StartFile[]
  /** A script that completes agentbox's own commands. */
  completion(commands: readonly Spoken[]): string
}

export interface StartFile {
  path: string
  /** The script in `shell/` that the line sources: this shell's own, or the one for any POSIX shell. */
  script: string
}

/** What decides where a shell's start files are. */
export interface Place {
  home: string
  env: NodeJS.ProcessEnv
  exists(path: string): boolean
}
