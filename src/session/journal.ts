import { closeSync, constants, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { ensurePrivateDir } from '../host/dirs.ts'
import { readRegular } from '../host/files.ts'
import { allButNewest } from '../host/newest.ts'
import type { JournalLine, SessionEvent } from './events.ts'

/** Bytes: beyond this a session's journal begins anew, and keeps one part before it. */
const LARGEST = 8 << 20
/** Journals of sessions that are kept. */
const KEPT = 100

/** What happened in one session, a JSON object a line, in `<state>/log/<session>.jsonl`. */
export interface Journal {
  path: string
  record(event: SessionEvent): void
  /** Calls back with every event recorded from now on. */
  onEvent(listener: (event: JournalLine) => void): void
  /** Removes older journals, too: all but the newest hundred. */
  close(): void
}

export function logDir(state: string): string {
  return `${state}/log`
}

/** Opens the journal of a session. Fails with `state-unusable`. */
export function openJournal(state: string, session: string, uid: number): Journal {
  const dir = logDir(state)
  ensurePrivateDir(dir, uid)
  const path = `${dir}/${session}.jsonl`
  const listeners: ((event: JournalLine) => void)[] = []
  let fd = open(path)
  return {
    path,
    record(event) {
      const line = { at: Date.now(), ...event }
      for (const listener of listeners) listener(line)
      fd = rotated(fd, path)
      // A full disk must not end the session, nor keep a mask from being placed.
      attempt(() => writeSync(fd, `${JSON.stringify(line)}\n`))
    },
    onEvent: (listener) => void listeners.push(listener),
    close() {
      attempt(() => closeSync(fd))
      removeOldest(dir)
    },
  }
}

function open(path: string): number {
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants
  return openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600)
}

function rotated(fd: number, path: string): number {
  try {
    if (fstatSync(fd).size < LARGEST) return fd
    renameSync(path, `${path}.1`)
    const next = open(path)
    closeSync(fd)
    return next
  } catch {
    return fd
  }
}

function removeOldest(dir: string): void {
  attempt(() => {
    for (const name of allButNewest(dir, (one) => one.endsWith('.jsonl'), KEPT)) {
      for (const part of [name, `${name}.1`]) rmSync(`${dir}/${part}`, { force: true })
    }
  })
}

function attempt(work: () => void): void {
  try {
    work()
  } catch {
    // The journal is for looking back; what it tells of has been done or has failed by itself.
  }
}

/**
 * The whole lines of a journal, oldest first. A line that is torn (the machine stopped) or no event is left
 * out. Never throws.
 */
export function readJournal(path: string): JournalLine[] {
  return [`${path}.1`, path].flatMap((part) =>
    parseLines(readRegular(part, 2 * LARGEST)?.toString('utf8') ?? ''),
  )
}

/** The same from text, for whoever follows a journal. Pure. */
export function parseLines(text: string): JournalLine[] {
  return text.split('\n').flatMap((line) => {
    const parsed = parseLine(line)
    return parsed === undefined ? [] : [parsed]
  })
}

function parseLine(line: string): JournalLine | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const event = value as Partial<JournalLine> | null
    return typeof event === 'object' && typeof event?.kind === 'string' && typeof event.at === 'number'
      ? (event as JournalLine)
      : undefined
  } catch {
    return undefined
  }
}
