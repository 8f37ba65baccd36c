import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { makeDirs } from '../host/make-dirs.ts'
import type { GitRepository } from '../git/repository.ts'
import { lstatOf, namesIn, readRegular } from '../host/files.ts'
import { ancestorsBetween, isWithin, nameOf } from '../host/paths.ts'
import { scanTree } from '../masks/scan.ts'
import { scannedSieve } from '../protect/names.ts'
import { clearAside, listQuarantine, quarantine } from '../protect/quarantine.ts'
import { standing } from '../protect/standing.ts'
import { leftoversIn, leftoverWatch } from './git-leftovers.ts'
import { runByOf } from './planted.ts'
import type { Prepared } from './prepare.ts'
import { isGone } from './registry.ts'
import { writableRoots } from './survey.ts'
import { changedRepositories, unwatchedIn } from './unwatched.ts'
import { isHonest, plantedFor, strange } from './worktrees.ts'

/**
 * What a session would have done at its end and could not, since it was killed: to move away what was planted in its
 * last moments, and what is looked for at the end only. It leaves a note of what stood there before it began.
 */
interface Note {
  version: 1
  project: string
  agent: string
  /** Milliseconds since 1970. */
  began: number
  /** The directories that the box could write to. */
  roots: string[]
  repository: GitRepository | undefined
  /** Common git directories in the roots. */
  repositories: string[]
  standing: string[]
  /** What git or another program would obey and was not there; not in notes of older versions. */
  absent?: string[]
  leftovers: string[]
}

export interface Unfinished extends Note {
  id: string
  /** Where the note is. */
  file: string
  /** What would run outside and was not there: planted, or made by the user since. */
  found: string[]
  /** The same of what is looked for in git directories at the end; paths, or `path: line`. */
  left: string[]
  /** What the session had moved to quarantine. */
  moved: string[]
}

const NOTE = 'before.json'
const LARGEST = 16 << 20
/** Directories of what nobody watches: about half a second. */
const MOST_DIRECTORIES = 5000

const homeOf = (state: string): string => `${state}/unfinished`

/**
 * While the box is being built. `dir`: the session's own, with which the note goes when the session ends. Of sessions
 * before that left nothing the user has been told all.
 */
export function noteBefore(
  dir: string,
  { situation: { project }, survey, profile, repositories, absent, unfinished }: Prepared,
  leftovers: string[],
): void {
  const note: Note = {
    version: 1,
    project: project.root,
    agent: profile.name,
    began: Date.now(),
    roots: writableRoots(project.root, survey),
    repository: project.repository,
    repositories,
    standing: [...standing(survey.scan.entries), ...repositories.flatMap(strange)],
    absent: absent.map(({ path }) => path),
    leftovers,
  }
  for (const one of unfinished) if (one.found.length + one.left.length === 0) forget(one)
  try {
    writeFileSync(`${dir}/${NOTE}.new`, JSON.stringify(note), { mode: 0o600 })
    renameSync(`${dir}/${NOTE}.new`, `${dir}/${NOTE}`)
  } catch {
    // The box is being built: where nothing can be written the session cannot be registered either, and is refused.
  }
}

/** Keeps the note of a session that is gone, whose directory is to be removed; false: not yet, it is still there. */
export function keepNote(state: string, id: string): boolean {
  const note = `${state}/sessions/${id}/${NOTE}`
  if (lstatOf(note) === undefined) return true
  try {
    makeDirs(homeOf(state), 0o700)
    renameSync(note, `${homeOf(state)}/${id}.json`)
    return true
  } catch {
    return false
  }
}

/** The sessions of a project that were killed, and what they left; looks for it now. */
export function unfinishedIn(state: string, project: string): Unfinished[] {
  return notesIn(state).flatMap(([id, file]) => {
    const note = readNote(file)
    if (note?.project !== project) return []
    const moved = listQuarantine(state).flatMap((entry) => (entry.session === id ? [entry.path] : []))
    const before = new Set(note.leftovers)
    const left = leftoversIn(note, note.repositories).filter((one) => !before.has(one))
    return [{ ...note, id, file, found: lookFor(note), left, moved }]
  })
}

function notesIn(state: string): [id: string, file: string][] {
  const kept = namesIn(homeOf(state)).map((name): [string, string] => [
    name.replace(/\.json$/, ''),
    `${homeOf(state)}/${name}`,
  ])
  const dead = namesIn(`${state}/sessions`).filter(isGone)
  return [...kept, ...dead.map((id): [string, string] => [id, `${state}/sessions/${id}/${NOTE}`])]
}

function readNote(file: string): Note | undefined {
  try {
    const note = JSON.parse(readRegular(file, LARGEST)?.toString('utf8') ?? '') as Note
    return note.version === 1 ? note : undefined
  } catch {
    return undefined
  }
}

function lookFor({ roots, repositories, standing: stood, absent = [], began }: Note): string[] {
  const { entries } = scanTree(roots, { interesting: scannedSieve })
  const before = new Set(stood)
  const all = [...roots, ...repositories]
  const now = [
    ...standing(entries),
    ...repositories.flatMap(strange),
    ...changedRepositories(unwatchedIn(entries), began, MOST_DIRECTORIES).found,
    ...absent
      .filter((path) => lstatOf(path) !== undefined)
      .map((path) => plantedFor(path, rootOf(path, all) ?? '/')),
  ]
  // A worktree of this repository is as good as git made it.
  const fresh = now.filter(
    (path) => !before.has(path) && !(nameOf(path) === '.git' && isHonest(path, repositories)),
  )
  const known = new Set([...stood, ...fresh])
  return [...new Set(fresh)].filter((path) => !ancestorsBetween('/', path).some((dir) => known.has(dir)))
}

const rootOf = (path: string, roots: readonly string[]): string | undefined =>
  roots.find((dir) => isWithin(path, dir))

/** Moves all of it away, as the session would have; returns what people are to hear. */
export function finish(state: string, one: Unfinished): string[] {
  const roots = [...one.roots, ...one.repositories]
  const told = one.found.map((path) => {
    const [root, runBy] = [rootOf(path, roots) ?? one.project, runByOf(path)]
    try {
      quarantine(state, { path, root, session: one.id, runBy })
      return `moved to quarantine: ${path} (${runBy} would run or obey it)`
    } catch (error) {
      return `${path} could not be moved (${(error as Error).message}): ${runBy} would run or obey it`
    }
  })
  const leftovers = leftoverWatch(one, one.repositories, state, one.id, one.leftovers).look()
  clearAside(state)
  forget(one)
  return [...told, ...leftovers]
}

/** Its project is as it is to be. */
export function forget({ file }: Unfinished): void {
  rmSync(file, { force: true })
}
