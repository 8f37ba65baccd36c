import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { makeDirBeneath, readBeneath, writeBeneath } from '../host/beneath.ts'
import { lstatOf, readRegular, readThroughLinks, realpathOf } from '../host/files.ts'
import { hostPathOf } from '../policy/agents/relocate.ts'
import type { AgentProfile, AgentSeed } from '../policy/agents/types.ts'
import type { PrivateHome } from './home.ts'
import { refreshed } from './log-in.ts'

const LOGIN_LIMIT = 256 * 1024
const SEED_LIMIT = 64 * 1024 * 1024

/** Milliseconds. Short beside the time for which a log-in holds, long beside what a look costs. */
const BETWEEN = 2000

/** What each file was when both sides were last the same: a digest by path relative to the home. */
type Notes = Record<string, string>

export interface StateFilesInput {
  profile: AgentProfile
  hostHome: string
  box: PrivateHome
  project: string
}

/** Before a session: log-ins made equal, copies of the agent's own files refreshed. */
export function prepareStateFiles(input: StateFilesInput): void {
  const notes = readNotes(input.box)
  const before = JSON.stringify(notes)
  // Some agents end at once if their directory is not there.
  for (const { dir } of input.profile.moves ?? []) makeDirBeneath(input.box.home, dir)
  for (const path of input.profile.synced) syncLogin(path, input, notes)
  for (const seed of input.profile.seeds) refreshSeed(seed, input, notes)
  if (JSON.stringify(notes) !== before) writeNotes(input.box, notes)
}

/** After a session: a log-in that was refreshed inside goes back to the user's own file. */
export function collectStateFiles(input: StateFilesInput): void {
  if (input.profile.synced.length === 0) return
  const notes = readNotes(input.box)
  for (const path of input.profile.synced) syncLogin(path, input, notes)
  writeNotes(input.box, notes)
}

/**
 * Also while a session runs: a vendor that gives a new token at each refresh takes the old one no more, so that the
 * user, or a box elsewhere, would be logged out by it. Returns what ends it.
 */
export function keepLogins(input: StateFilesInput): () => void {
  const { profile, hostHome, box } = input
  if (profile.synced.length === 0) return () => {}
  const marks = (): string =>
    profile.synced
      .flatMap((path) => [markOf(hostPathOf(profile, path, hostHome)), markOf(`${box.home}/${path}`)])
      .join()
  let last = marks()
  const timer = setInterval(() => {
    const now = marks()
    if (now === last) return
    last = now
    try {
      const notes = readNotes(box)
      for (const path of profile.synced) if (isWhole(path, input, notes)) syncLogin(path, input, notes)
      writeNotes(box, notes)
    } catch {
      // A full disk. The end of the session looks again.
    }
  }, BETWEEN)
  timer.unref()
  return () => clearInterval(timer)
}

/** Neither half written nor, in the box, just logged out. */
function isWhole(path: string, { profile, hostHome, box }: StateFilesInput, notes: Notes): boolean {
  const host = readThroughLinks(hostPathOf(profile, path, hostHome), LOGIN_LIMIT)
  const inside = readBeneath(box.home, path, LOGIN_LIMIT)
  const known = inside === undefined ? notes[path] === undefined : objectOf(inside) !== undefined
  return known && objectOf(host) !== undefined
}

/** Changes whenever the file is written. */
function markOf(path: string): string {
  const stat = lstatOf(realpathOf(path) ?? '')
  return stat === undefined ? '' : `${stat.ino}:${stat.mtimeMs}:${stat.size}`
}

/**
 * Makes a log-in file equal on both sides: the side that changed since they were last equal wins, the
 * user's own if both did. A log-in made only inside stays inside.
 */
function syncLogin(path: string, { profile, hostHome, box }: StateFilesInput, notes: Notes): void {
  const host = readThroughLinks(hostPathOf(profile, path, hostHome), LOGIN_LIMIT)
  if (host === undefined) return
  const inside = readBeneath(box.home, path, LOGIN_LIMIT)
  const base = notes[path]
  if (inside !== undefined && base === digest(host) && digest(inside) !== base) {
    const content = broughtOut(host, inside)
    if (content !== undefined && writeHost(hostPathOf(profile, path, hostHome), content))
      notes[path] = digest(content)
    return
  }
  if (inside !== undefined && digest(inside) === digest(host)) notes[path] = digest(host)
  else if (writeBeneath(box.home, path, host)) notes[path] = digest(host)
}

/** What of the box's log-in the user gets; undefined: nothing. A file of another shape is not a refreshed one. */
function broughtOut(host: Buffer, inside: Buffer): Buffer | undefined {
  const [a, b] = [objectOf(host), objectOf(inside)]
  if (a === undefined || b === undefined) return undefined
  if (!Object.keys(b).every((key) => key in a && typeof a[key] === typeof b[key])) return undefined
  const text = JSON.stringify(refreshed(a, b), null, 2)
  if (text === JSON.stringify(a, null, 2)) return undefined
  return text === JSON.stringify(b, null, 2) ? inside : Buffer.from(text)
}

function writeHost(path: string, content: Buffer): boolean {
  const place = realpathOf(path)
  const mode = place === undefined ? undefined : lstatOf(place)?.mode
  if (place === undefined || mode === undefined) return false
  const temporary = `${place}.agentbox-${process.pid}`
  try {
    writeFileSync(temporary, content, { flag: 'wx', mode: mode & 0o777 })
    renameSync(temporary, place)
    return true
  } catch {
    rmSync(temporary, { force: true })
    return false
  }
}

/**
 * Gives the box its copy of a JSON file of the agent's, and refreshes it when the user's own has changed:
 * the user's values win, but what the box knows of this project stays, and nothing of other projects
 * goes in. The user's own file is never written.
 */
function refreshSeed(
  { path, perProject }: AgentSeed,
  { profile, hostHome, box, project }: StateFilesInput,
  notes: Notes,
): void {
  const mark = markOf(hostPathOf(profile, path, hostHome))
  if (mark === '') return
  const present = readBeneath(box.home, path, SEED_LIMIT)
  if (notes[path] === mark && present !== undefined) return
  const host = objectOf(readThroughLinks(hostPathOf(profile, path, hostHome), SEED_LIMIT))
  if (host === undefined) return
  const inside = objectOf(present) ?? {}
  const merged: Record<string, unknown> = { ...inside, ...host }
  if (perProject !== undefined) {
    const mine = asObject(inside[perProject])?.[project] ?? asObject(host[perProject])?.[project]
    merged[perProject] = mine === undefined ? {} : { [project]: mine }
  }
  if (writeBeneath(box.home, path, Buffer.from(JSON.stringify(merged, null, 2)))) notes[path] = mark
}

function objectOf(bytes: Buffer | undefined): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(bytes?.toString('utf8') ?? ''))
  } catch {
    return undefined
  }
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

/** Loaded only for an agent that has a log-in here: it costs every other launch 5 ms. */
function digest(bytes: Buffer): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(bytes).digest('hex')
}

function readNotes({ notes }: PrivateHome): Notes {
  return (objectOf(readRegular(`${notes}/state.json`, LOGIN_LIMIT)) as Notes | undefined) ?? {}
}

function writeNotes({ notes }: PrivateHome, value: Notes): void {
  const temporary = `${notes}/state.json.${process.pid}`
  writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 })
  renameSync(temporary, `${notes}/state.json`)
}
