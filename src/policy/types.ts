import type { Grant, Place } from '../errors.ts'

/** Where a resolved value comes from. `built-in` has no file; `flag` names the option in `file`. */
export interface Origin extends Partial<Place> {
  layer: 'built-in' | 'system' | 'user' | 'repo' | 'flag'
  /** The repository's policy file that extends the one this stands in. */
  under?: string | undefined
}

/** A value together with the line that put it there. */
export interface Sourced<T> {
  value: T
  origin: Origin
}

export type ShowMode = 'empty' | 'keys' | 'deny'
export type NetworkMode = 'none' | 'allow' | 'host'

/** A mask pattern of a layer. Patterns with a slash are relative to `base`, others match names anywhere. */
export interface PatternRule {
  pattern: string
  /** Absolute directory that an anchored pattern is relative to; undefined for built-in rules. */
  base?: string | undefined
}

/** What agentbox adds to requests to one host, outside the box. */
export interface Credential {
  /** A name or address, with a port if it is not 443. */
  host: string
  header: string
  /** `env:NAME`, `file:PATH` or `command:COMMAND`. */
  from: string
}

/** One file that the agent sees in place of another; both absolute. */
export interface Substitution {
  target: string
  source: string
}

/** A grant that the user's own configuration approves for every repository that asks. */
export interface TrustedGrant {
  kind: Grant['kind']
  value: string
}

/** What the masks themselves are made by. */
export type MaskRules = Omit<Policy['masks'], 'detect'>

/**
 * The resolved policy: all layers merged, every path absolute and lexically normalised (not yet
 * resolved through symlinks), every value with its origin. Immutable.
 */
export interface Policy {
  /** Agents that the shims box here; 'all' means every known one. */
  agents: Sourced<'all' | string[]>
  filesystem: {
    read: Sourced<string>[]
    write: Sourced<string>[]
    readonly: Sourced<string>[]
    hide: Sourced<string>[]
    home: Sourced<'private' | 'ephemeral'>
  }
  masks: {
    /** Only the layers' own; the built-in set is in `masks/presets.ts` and always applies. */
    patterns: Sourced<PatternRule>[]
    except: Sourced<PatternRule>[]
    show: Sourced<ShowMode>
    /** Mask by content as well. */
    detect: Sourced<boolean>
    substitute: Sourced<Substitution>[]
  }
  /** Not for the box: what the git hooks and `agentbox scan` take no offence at. */
  scan: { except: Sourced<PatternRule>[] }
  network: {
    mode: Sourced<NetworkMode>
    /** Entries in their one spelling, presets not expanded; see network/rules/entry.ts. */
    allow: Sourced<string>[]
    deny: Sourced<string>[]
    /** Of this machine's loopback, for the box. */
    ports: Sourced<number>[]
    /** Of the box's loopback, for this machine. */
    expose: Sourced<number>[]
  }
  env: { pass: Sourced<string>[]; set: Sourced<{ name: string; value: string }>[] }
  ssh: Sourced<'none' | 'agent'>
  /** What happens to the box when secrets that appear can no longer be masked in it. */
  live: { onFailure: Sourced<'stop' | 'freeze' | 'continue'> }
  protect: { absent: Sourced<'quarantine' | 'report'> }
  limits: {
    /** Bytes. */
    memory?: Sourced<number> | undefined
    processes?: Sourced<number> | undefined
    /** Bytes, for the private /tmp. */
    tmp?: Sourced<number> | undefined
  }
  verify: {
    unreadable: Sourced<string>[]
    readable: Sourced<string>[]
    unwritable: Sourced<string>[]
    writable: Sourced<string>[]
    unreachable: Sourced<string>[]
    reachable: Sourced<string>[]
    /** Names of variables. */
    envAbsent: Sourced<string>[]
    envPresent: Sourced<string>[]
  }
  /** Repositories' policies that are approved without being asked for. */
  trust: {
    /** Absolute; all files below them. */
    directories: Sourced<string>[]
    /** In any repository. */
    grants: Sourced<TrustedGrant>[]
  }
  /** Absolute paths that no repository may ever be granted. */
  ceiling: Sourced<string>[]
  /** Directories (absolute) under which the shims box every repository. */
  always: Sourced<string>[]
  credentials: Sourced<Credential>[]
  bypass: Sourced<'ask' | 'never'>
  /** Commands that get a shim beside the known agents. */
  shims: Sourced<string>[]
  /** The git hooks refuse what an agent outside a box commits. */
  enforce: Sourced<boolean>
  /** The user wants no line on stderr when all is well. */
  quiet: Sourced<boolean>
}
