import { closeSync, openSync, readdirSync, readSync, statSync, watch } from 'node:fs'
import type { JournalLine } from './events.ts'
import { logDir, parseLines, readJournal } from './journal.ts'

/** One session's journal, whether it runs or has ended. */
export interface SessionLog {
  id: string
  path: string
  events: JournalLine[]
  /** Of its first event; undefined if that has been rotated away. */
  project: string | undefined
  /** The same: what was run. */
  command: readonly string[]
}

/** The journals that are kept, oldest first. Never throws. */
export function sessionLogs(state: string): SessionLog[] {
  const dir = logDir(state)
  return journalNames(dir)
    .map((name) => ({ id: name.slice(0, -'.jsonl'.length), path: `${dir}/${name}` }))
    .map(({ id, path }) => {
      const events = readJournal(path)
      const started = events.find((event) => event.kind === 'started' || event.kind === 'bypassed')
      return { id, path, events, project: started?.project, command: started?.command ?? [] }
    })
    .toSorted((a, b) => (a.events[0]?.at ?? 0) - (b.events[0]?.at ?? 0))
}

function journalNames(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => name.endsWith('.jsonl'))
  } catch {
    return []
  }
}

/** Calls back with what is appended to the journals of `state` from now on, until the signal aborts. */
export function followLogs(
  state: string,
  onEvent: (id: string, event: JournalLine) => void,
  end: AbortSignal,
): void {
  const dir = logDir(state)
  const offsets = new Map(journalNames(dir).map((name) => [name, sizeOf(`${dir}/${name}`)]))
  watch(dir, { signal: end }, (_, name) => {
    if (name?.endsWith('.jsonl') !== true) return
    const size = sizeOf(`${dir}/${name}`)
    const from = Math.min(offsets.get(name) ?? 0, size)
    const text = readPart(`${dir}/${name}`, from, size)
    const whole = text.lastIndexOf('\n') + 1
    offsets.set(name, from + Buffer.byteLength(text.slice(0, whole)))
    for (const event of parseLines(text.slice(0, whole))) onEvent(name.slice(0, -'.jsonl'.length), event)
  })
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** Nothing of a journal that is gone: the oldest are taken away when a session begins. */
function readPart(path: string, from: number, to: number): string {
  if (from === to) return ''
  const buffer = Buffer.alloc(to - from)
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return ''
  }
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, from))
  } finally {
    closeSync(fd)
  }
}
