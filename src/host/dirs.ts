import { makeDirs } from './make-dirs.ts'
import { fail } from '../errors.ts'
import { lstatOf } from './files.ts'

/** Where agentbox keeps things on the host. None of it is ever visible inside a box. */
export interface AgentboxDirs {
  state: string
  data: string
  config: string
  /** Compiled code that the next start executes. */
  cache: string
}

/** Base directories by the XDG specification, which says that relative values are to be ignored. */
export function agentboxDirs(env: NodeJS.ProcessEnv, home: string): AgentboxDirs {
  const base = (name: string, fallback: string): string => {
    const value = env[name]
    return `${value?.startsWith('/') === true ? value.replace(/\/+$/, '') : `${home}/${fallback}`}/agentbox`
  }
  return {
    state: base('XDG_STATE_HOME', '.local/state'),
    data: base('XDG_DATA_HOME', '.local/share'),
    config: base('XDG_CONFIG_HOME', '.config'),
    cache: base('XDG_CACHE_HOME', '.cache'),
  }
}

/**
 * Makes sure that a directory of agentbox's own is there and is this user's alone: what stands in it
 * (mask files, private homes) decides what boxes see.
 */
export function ensurePrivateDir(path: string, uid: number): void {
  try {
    makeDirs(path, 0o700)
  } catch (error) {
    fail({ code: 'state-unusable', path, reason: (error as Error).message }, error)
  }
  const stat = lstatOf(path)
  if (stat === undefined || !stat.isDirectory())
    fail({ code: 'state-unusable', path, reason: 'it is not a directory' })
  if (stat.uid !== uid) fail({ code: 'state-unusable', path, reason: 'it belongs to another user' })
  if ((stat.mode & 0o022) !== 0) fail({ code: 'state-unusable', path, reason: 'others may write to it' })
}
