import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  type Stats,
} from 'node:fs'
import { makeDirs } from '../host/make-dirs.ts'
import { fail } from '../errors.ts'
import { heldBeneath } from '../host/beneath.ts'
import { fromBytes, fsPath } from '../host/bytes.ts'
import { lstatOf, readRegular } from '../host/files.ts'
import { isWithin, nameOf } from '../host/paths.ts'
import { copyTree, openUp, removeTree, TooMuch } from '../host/trees.ts'

/** What was moved out of a project, in `<state>/quarantine/<id>/meta.json`; the thing itself is `item`. */
export interface Quarantined {
  version: 1
  id: string
  /** Where it stood. */
  path: string
  /** The project, or the granted directory that it was in. */
  root: string
  kind: 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'device'
  /** Permission bits. */
  mode: number
  /** Milliseconds since 1970: last changed, and moved. */
  mtime: number
  at: number
  session: string
  /** Who would have run or obeyed it. */
  runBy: string
  /** What a symlink says. */
  link?: string | undefined
}

export type Planted = Pick<Quarantined, 'path' | 'root' | 'session' | 'runBy'>

const ID = /^\d{8}-\d{6}-[0-9a-z]+$/
const LARGEST_META = 64 << 10

const homeOf = (state: string): string => `${state}/quarantine`
const itemOf = (state: string, id: string): string => `${homeOf(state)}/${id}/item`

/**
 * Moves what stands at the path out of the project. Links are moved, never followed, neither at the end nor
 * on the way. Undefined if nothing stands there any more. Throws what the kernel says otherwise.
 */
export function quarantine(state: string, planted: Planted): Quarantined | undefined {
  const { path, root } = planted
  return heldBeneath(root, path.slice(root.length + 1), (place) => {
    const stat = lstatSync(fsPath(place), { throwIfNoEntry: false })
    if (stat === undefined) return undefined
    const entry = makeEntry(state, planted, stat, place)
    try {
      move(place, itemOf(state, entry.id), stat, entry.id)
    } catch (error) {
      removeTree(`${homeOf(state)}/${entry.id}`)
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    return entry
  })
}

/** The description is written first: whatever happens next, it is known where the thing came from. */
function makeEntry(state: string, planted: Planted, stat: Stats, place: string): Quarantined {
  const at = Date.now()
  const id = makePlace(homeOf(state), at)
  const entry: Quarantined = {
    version: 1,
    id,
    ...planted,
    kind: kindOf(stat),
    mode: stat.mode & 0o7777,
    mtime: stat.mtimeMs,
    at,
    ...(stat.isSymbolicLink() ? { link: fromBytes(readlinkSync(fsPath(place), 'buffer')) } : {}),
  }
  try {
    const text = `${JSON.stringify(entry)}\n`
    writeFileSync(`${homeOf(state)}/${id}/meta.json`, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    removeTree(`${homeOf(state)}/${id}`)
    throw error
  }
  return entry
}

function makePlace(home: string, at: number): string {
  makeDirs(home, 0o700)
  const time = new Date(at).toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)
  for (let number = 0; ; number++) {
    const id = `${time}-${number.toString(36)}`
    try {
      mkdirSync(`${home}/${id}`, { mode: 0o700 })
      return id
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function move(place: string, item: string, stat: Stats, id: string): void {
  try {
    renameSync(fsPath(place), item)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' && stat.isDirectory()) {
      // To change its "..", the kernel wants to write to it.
      openUp(place)
      renameSync(fsPath(place), item)
    } else if (code === 'EXDEV') moveAcross(place, item, id)
    else throw error
  }
}

/** Some tenths of a second of a session that has other things to see to. */
const MOST_COPIED = { bytes: 32 << 20, entries: 2000 }

/**
 * To another file system: out of the name first, which is what matters, and then a copy. What is too large for one
 * stays aside.
 */
function moveAcross(place: string, item: string, id: string): void {
  const [aside, part] = [asideOf(place, id), `${item}.part`]
  renameSync(fsPath(place), fsPath(aside))
  try {
    copyTree(aside, part, { ...MOST_COPIED })
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error
    return removeTree(part)
  }
  // A FIFO or a device has no copy.
  if (lstatOf(part) !== undefined) renameSync(part, item)
  removeTree(aside)
}

/** Takes away what stayed aside although it has been copied: whoever did that was killed in between. */
export function clearAside(state: string): void {
  for (const entry of listQuarantine(state)) {
    const aside = asidePath(entry)
    if (aside === undefined || itemPath(state, entry) === undefined) continue
    heldBeneath(entry.root, aside.slice(entry.root.length + 1), removeTree)
  }
}

const asideOf = (place: string, id: string): string =>
  `${place.slice(0, place.lastIndexOf('/'))}/.agentbox-quarantine-${id}`

/** Where it was left, because it is too large to be copied to another file system. */
export function asidePath({ path, id }: Quarantined): string | undefined {
  const aside = asideOf(path, id)
  return lstatOf(aside) === undefined ? undefined : aside
}

function kindOf(stat: Stats): Quarantined['kind'] {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'directory'
  if (stat.isSymbolicLink()) return 'symlink'
  if (stat.isFIFO()) return 'fifo'
  return stat.isSocket() ? 'socket' : 'device'
}

/** Everything in quarantine, oldest first. */
export function listQuarantine(state: string): Quarantined[] {
  let ids: string[]
  try {
    ids = readdirSync(homeOf(state))
  } catch {
    return []
  }
  return ids
    .filter((id) => ID.test(id))
    .flatMap((id) => entryOf(state, id) ?? [])
    .toSorted((one, other) => one.at - other.at)
}

function entryOf(state: string, id: string): Quarantined | undefined {
  try {
    const text = readRegular(`${homeOf(state)}/${id}/meta.json`, LARGEST_META)?.toString('utf8') ?? ''
    const entry = JSON.parse(text) as Quarantined
    return entry.version === 1 && entry.id === id ? entry : undefined
  } catch {
    return undefined
  }
}

/** By its id, its whole path, or the end of it; of several the newest. */
export function findQuarantined(list: readonly Quarantined[], what: string): Quarantined | undefined {
  return list.findLast(({ id, path }) => id === what || path === what || path.endsWith(`/${what}`))
}

/** Where the thing is now; undefined if only its description could be kept (a FIFO of another file system). */
export function itemPath(state: string, { id }: Quarantined): string | undefined {
  return lstatOf(itemOf(state, id)) === undefined ? undefined : itemOf(state, id)
}

/**
 * What is to be put back: files that nobody has open. Whoever planted them may hold a descriptor, or another name of
 * the same file, and would go on writing when they are read-only in his box. Undefined if there is nothing.
 */
export function freshCopy(state: string, { id, path }: Quarantined): string | undefined {
  const [item, copy] = [itemOf(state, id), `${homeOf(state)}/${id}/copy`]
  if (lstatOf(copy) !== undefined) removeTree(copy)
  if (lstatOf(item) === undefined) return undefined
  try {
    copyTree(item, copy)
  } catch (error) {
    fail({ code: 'io', action: 'restore', path, reason: (error as Error).message.slice(0, 200) }, error)
  }
  // A FIFO or a device, which nothing can be written into.
  return lstatOf(copy) === undefined ? item : copy
}

/** Puts it back where it was: a fresh copy of it. Never replaces what stands there; fails with `io`. */
export function restore(state: string, entry: Quarantined, item = freshCopy(state, entry)): void {
  const { path, root, kind } = entry
  const refuse = (reason: string): never => fail({ code: 'io', action: 'restore', path, reason })
  if (item === undefined) {
    const aside = asidePath(entry)
    return refuse(
      aside === undefined ? 'only its description was kept' : `it is too large, and still at ${aside}`,
    )
  }
  if (path === root || !isWithin(path, root)) refuse('its description is not right')
  try {
    const done = heldBeneath(root, path.slice(root.length + 1), (place) => {
      if (kind === 'directory') restoreDirectory(item, place)
      else restoreFile(item, place)
      return true
    })
    if (done !== true) refuse('its directory is not there any more, or a link is in its place')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || code === 'ENOTEMPTY' || code === 'ENOTDIR')
      refuse(`there is a ${nameOf(path)} already`)
    throw error
  }
  drop(state, entry)
}

/** A link to a file fails where anything stands; a rename would replace it. */
function restoreFile(item: string, place: string): void {
  try {
    linkSync(item, fsPath(place))
    unlinkSync(item)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    copyTree(item, place)
  }
}

/**
 * The kernel lets a directory take the place of nothing and of an empty one. None is made for that: a session that
 * is to leave this directory alone would move away that one.
 */
function restoreDirectory(item: string, place: string): void {
  if (lstatOf(place) !== undefined) throw Object.assign(new Error('it is there'), { code: 'EEXIST' })
  try {
    renameSync(item, fsPath(place))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    copyTree(item, place)
  }
}

/** Forgets it, with what it holds. */
export function drop(state: string, { id }: Quarantined): void {
  removeTree(`${homeOf(state)}/${id}`)
}
