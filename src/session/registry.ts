import { closeSync, constants, openSync, renameSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { namesIn, readRegular } from '../host/files.ts'
import type { Identity } from '../plan/ops.ts'
import { startTimeOf } from '../host/processes.ts'

/** A running session as others may know it: `<state>/sessions/<id>/session.json`. */
export interface LiveSession {
  version: 1
  /** `<pid>-<start>-<number>`; also the name of its journal. */
  id: string
  pid: number
  project: string
  /** The agent's name, `generic` for any other command. */
  agent: string
  command: string[]
  network: string
  /** Milliseconds since 1970. */
  began: number
}

/** What a session can be asked over its control socket. */
export type SessionRequest =
  /** Look for secrets again, everywhere. */
  | { do: 'rescan' }
  /** Mask this path, whatever stands there, before it is filled. */
  | { do: 'mask'; path: string }
  /** The user puts a file there that would run outside: do not move it away, protect it, if it is that one. */
  | { do: 'expect'; path: string; identity?: Identity }

export type SessionAnswer = { ok: true; masked: string[] } | { ok: false; reason: string }

/** Bytes of a message; more than any path needs. */
export const LARGEST_MESSAGE = 64 << 10
/** Milliseconds that an answer may take. */
const PATIENCE = 5000

/**
 * Calls back with a name of the session's control socket that is short enough for a socket's address,
 * whatever the directory is called.
 */
export function withControlSocket<T>(dir: string, use: (path: string) => T): T {
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    return use(`/proc/self/fd/${fd}/control.sock`)
  } finally {
    closeSync(fd)
  }
}

/** Makes the session known. Its directory goes when it ends. */
export function registerSession(dir: string, session: LiveSession): void {
  writeFileSync(`${dir}/session.json.new`, JSON.stringify(session), { mode: 0o600 })
  renameSync(`${dir}/session.json.new`, `${dir}/session.json`)
}

/** The sessions of this user that run now, oldest first. Never throws. */
export function liveSessions(state: string): LiveSession[] {
  return namesIn(`${state}/sessions`)
    .flatMap((id) => sessionIn(`${state}/sessions/${id}`, id))
    .toSorted((a, b) => a.began - b.began)
}

/** Whether the process of a session has ended, by the session's id. */
export function isGone(id: string): boolean {
  const [pid, start] = id.split('-')
  return startTimeOf(Number(pid)) !== start
}

function sessionIn(dir: string, id: string): LiveSession[] {
  if (!id.includes('-') || isGone(id)) return []
  try {
    const session = JSON.parse(
      readRegular(`${dir}/session.json`, LARGEST_MESSAGE)?.toString('utf8') ?? '',
    ) as LiveSession
    return session.version === 1 && session.id === id ? [session] : []
  } catch {
    return []
  }
}

/** Asks a session; resolves with its answer, or with why there is none. */
export function ask(state: string, { id }: LiveSession, request: SessionRequest): Promise<SessionAnswer> {
  return new Promise((resolve) => {
    const socket = connectTo(`${state}/sessions/${id}`)
    if (socket === undefined) return resolve({ ok: false, reason: 'it has ended' })
    let text = ''
    const done = (answer: SessionAnswer): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setEncoding('utf8').setTimeout(PATIENCE)
    socket.on('timeout', () => done({ ok: false, reason: 'it does not answer' }))
    socket.on('error', (error) => done({ ok: false, reason: error.message }))
    socket.on('close', () => done({ ok: false, reason: 'it has ended' }))
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`))
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end >= 0) done(parseAnswer(text.slice(0, end)))
      else if (text.length > 16 * LARGEST_MESSAGE) done({ ok: false, reason: 'its answer is too long' })
    })
  })
}

function connectTo(dir: string): Socket | undefined {
  try {
    return withControlSocket(dir, (path) => connect(path))
  } catch {
    return undefined
  }
}

function parseAnswer(line: string): SessionAnswer {
  try {
    return JSON.parse(line) as SessionAnswer
  } catch {
    return { ok: false, reason: 'its answer cannot be read' }
  }
}
