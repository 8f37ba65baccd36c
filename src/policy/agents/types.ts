/**
 * An agent as data. All paths are relative to the home directory and use `/`.
 *
 * The state directories are private: every repository has its own, inside its private home. So nothing
 * that an agent writes there can steer or run in a later session outside the box. What the agent needs
 * of the user's own state is shown read-only (`readonly`), copied in once (`seeds`) or, for log-ins that
 * are refreshed on both sides, kept equal (`synced`).
 */
export interface AgentProfile {
  /** Also the name in `agents:`. */
  name: string
  /** Names under which the program is started; each gets a shim. */
  commands: readonly string[]
  /** npm packages whose scripts are the agent. */
  packages?: readonly string[]
  /** Variables that it sets for the commands that it runs, and that no user would set. */
  marks?: readonly string[]
  /** Variables by which the user moves its directories. */
  moves?: readonly AgentMove[]
  /** Variables that name one more file of its configuration. */
  files?: readonly string[]
  /**
   * Configuration of the user's own: seen, never written. Entries that do not exist are left out; `DIR/*.sh` are all
   * files in DIR whose names end so.
   */
  readonly: readonly string[]
  /** Log-in files: the newer side wins, at start and at end. Small regular files only. */
  synced: readonly string[]
  /** JSON files of which the box gets a copy of its own; see `session/state-files.ts`. */
  seeds: readonly AgentSeed[]
  /** Program files that the PATH look-up alone does not show. */
  install: readonly string[]
  /** Variables passed when this agent runs, and only then; `*` at the end matches any rest. */
  env: readonly string[]
  /** Variables set for this agent inside the box. */
  set: Readonly<Record<string, string>>
  /** The absolute directory of an administrator's settings for it, which go before the user's: seen, never written. */
  system?: string
  /**
   * Files of that kind that the box gives the agent, by absolute path. They switch off what cannot work inside, above
   * all a sandbox of the agent's own. Where the administrator has such a file, see `overlay`.
   */
  managed: Readonly<Record<string, string>>
  /** Set by `overlay`: those of `managed` that are made of the administrator's. */
  overlaid?: readonly string[]
  /**
   * The JSON file by which alone it is told base URLs (`providers.NAME.baseUrl`), and those it has by itself: see
   * `lead.ts`.
   */
  bases?: { path: string; builtIn: Readonly<Record<string, string>> }
  /** Set by `relocate`: host directories, absolute, of which the box shows the files at these places. */
  sources?: Readonly<Record<string, string>>
  /** Set by `relocate`: variables that are not passed, whatever `env` says. */
  unpassed?: readonly string[]
  /** What the box gets in place of that file; `own`: made of one of the user's. */
  led?: { path: string; content: string; own: boolean }
  /** Hosts that the agent cannot work without (`@agent` in `network.allow`). */
  hosts: readonly string[]
}

export interface AgentMove {
  variable: string
  /** What it moves. */
  dir: string
  /** Where that is below the directory that the variable names, if it is not that one itself. */
  below?: string
}

export interface AgentSeed {
  path: string
  /** Its place when the first of `moves` is used, relative to that directory. */
  inConfigDir?: string
  /** A top-level object keyed by project directory; only this project's entry is copied. */
  perProject?: string
}
