import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import type { BackingFiles } from '../bwrap/argv.ts'
import { fail } from '../errors.ts'
import { toBytes } from '../host/bytes.ts'
import { ensurePrivateDir } from '../host/dirs.ts'
import { lstatOf } from '../host/files.ts'
import { removeTree } from '../host/trees.ts'
import { startTimeOf } from '../host/processes.ts'
import { FIRST_DATA_FD } from './request.ts'
import { isGone } from './registry.ts'
import { keepNote } from './unfinished.ts'

/** The host files of one session. Nothing secret is in them, but what a file of the agent's own had (`given`). */
export interface SessionDir {
  /** `<pid>-<start>-<number>`. */
  id: string
  path: string
  files: BackingFiles
  /** Contents for bwrap to make files from, in the order of their descriptors. */
  data: Buffer[]
  remove(): void
}

/**
 * Makes the session's directory `<state>/sessions/<pid>-<start>-<number>`, and removes those whose process
 * is gone (after `kill -9` or a power cut), but for the note of what they left undone. Fails with
 * `state-unusable` if the state directory is not safe.
 */
export function openSession(state: string, uid: number): SessionDir {
  const sessions = `${state}/sessions`
  for (const dir of [state, sessions, `${state}/masks`]) ensurePrivateDir(dir, uid)
  removeStale(state, sessions)
  const path = makeNumbered(`${sessions}/${process.pid}-${startTimeOf(process.pid) ?? '0'}`)
  const data: Buffer[] = []
  const files = backingFiles(path, `${state}/masks`, uid, data)
  return { id: path.slice(sessions.length + 1), path, files, data, remove: () => removeAll(path) }
}

function makeNumbered(prefix: string): string {
  for (let number = 0; ; number++) {
    try {
      mkdirSync(`${prefix}-${number}`, { mode: 0o700 })
      return `${prefix}-${number}`
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      return fail({ code: 'state-unusable', path: prefix, reason: (error as Error).message }, error)
    }
  }
}

/** A home for one session may hold directories that the agent closed, or deeper ones than a path can say. */
function removeAll(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    try {
      removeTree(path)
    } catch {
      // The next launch tries again.
    }
  }
}

function backingFiles(session: string, masks: string, uid: number, data: Buffer[]): BackingFiles {
  const made = new Map<string, string>()
  return {
    empty: emptyFile(`${masks}/empty`, 0o444, uid),
    denied: emptyFile(`${masks}/denied`, 0, uid),
    content(text) {
      const known = made.get(text)
      if (known !== undefined) return known
      const path = `${session}/${made.size}`
      writeFileSync(path, text, { flag: 'wx', mode: 0o444 })
      made.set(text, path)
      return path
    },
    made(text, dest) {
      data.push(toBytes(text))
      return ['--perms', '0444', '--file', String(FIRST_DATA_FD + data.length - 1), dest]
    },
  }
}

/** Every mask of every box is this one file: it must be what it is thought to be. */
function emptyFile(path: string, mode: number, uid: number): string {
  const stat = lstatOf(path)
  if (stat?.isFile() === true && stat.size === 0 && stat.uid === uid && (stat.mode & 0o7777) === mode)
    return path
  rmSync(path, { recursive: true, force: true })
  try {
    closeSync(openSync(path, 'wx', mode))
    chmodSync(path, mode)
  } catch (error) {
    // Another launch may have made it at the same moment; then it is as good.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      fail({ code: 'state-unusable', path, reason: (error as Error).message }, error)
    }
  }
  return path
}

function removeStale(state: string, sessions: string): void {
  for (const name of readdirSync(sessions)) {
    if (isGone(name) && keepNote(state, name)) removeAll(`${sessions}/${name}`)
  }
}
