import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { DIRECTORY, placeIn } from './beneath.ts'
import { fromBytes, fsPath } from './bytes.ts'

/** Not among Node's constants: a descriptor for the place alone, which needs no permission to read. */
const O_PATH = 0o10000000

/** What may be copied at most; counted down. */
export interface Budget {
  bytes: number
  entries: number
}

/** There is more than may be copied. */
export class TooMuch extends Error {}

const spend = (budget: Budget | undefined, what: keyof Budget, amount: number): void => {
  if (budget !== undefined && (budget[what] -= amount) < 0) throw new TooMuch('it is too large')
}

/**
 * Copies a file, a link or a whole directory while somebody else may be changing it: no link is followed,
 * no FIFO waited on. `to` must not exist. What has no content (FIFO, socket, device) is left out.
 */
export function copyTree(from: string, to: string, budget?: Budget): void {
  spend(budget, 'entries', 1)
  const stat = lstatSync(fsPath(from))
  if (stat.isSymbolicLink()) symlinkSync(readlinkSync(fsPath(from), 'buffer'), fsPath(to))
  else if (stat.isFile()) copyFile(from, to, budget)
  else if (stat.isDirectory()) {
    mkdirSync(fsPath(to), { mode: 0o700 })
    inDirectory(from, (place, name) => copyTree(place, `${to}/${name}`, budget))
    chmodSync(fsPath(to), stat.mode & 0o777)
  }
}

/** What is deeper comes up: neither descriptors nor the stack nor a path's length end with what somebody has made. */
const DEEPEST = 100

/** Removes a file or a whole directory in the same way, however deep it is and whatever its owner may not do there. */
export function removeTree(place: string): void {
  if (!lstatSync(fsPath(place)).isDirectory()) return unlinkSync(fsPath(place))
  const unique = process.hrtime.bigint()
  let lifted = 0
  const empty = (directory: string, depth: number, lift: (from: string) => void): void =>
    inDirectory(directory, (at) => {
      const stat = lstatSync(fsPath(at))
      if (!stat.isDirectory()) return unlinkSync(fsPath(at))
      if ((stat.mode & 0o700) !== 0o700) openUp(at)
      if (depth === DEEPEST) return lift(at)
      empty(at, depth + 1, lift)
      rmdirSync(fsPath(at))
    })
  openUp(place)
  const top = openSync(fsPath(place), DIRECTORY)
  try {
    const lift = (from: string): void => renameSync(fsPath(from), placeIn(top, `${unique}-${lifted++}`))
    for (let before = -1; before !== lifted;) {
      before = lifted
      empty(place, 0, lift)
    }
  } finally {
    closeSync(top)
  }
  rmdirSync(fsPath(place))
}

/** Calls back with every entry of a directory that is held meanwhile. */
function inDirectory(directory: string, use: (place: string, name: string) => void): void {
  const fd = openDirectory(directory)
  try {
    for (const name of readdirSync(`/proc/self/fd/${fd}`, 'buffer')) {
      const text = fromBytes(name)
      use(placeIn(fd, text), text)
    }
  } finally {
    closeSync(fd)
  }
}

function openDirectory(directory: string): number {
  try {
    return openSync(fsPath(directory), DIRECTORY)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    openUp(directory)
    return openSync(fsPath(directory), DIRECTORY)
  }
}

/** Gives its owner all rights on a directory, and on nothing that a link in its place leads to. */
export function openUp(directory: string): void {
  const fd = openSync(fsPath(directory), O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    chmodSync(`/proc/self/fd/${fd}`, 0o700)
  } finally {
    closeSync(fd)
  }
}

function copyFile(from: string, to: string, budget: Budget | undefined): void {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL } = constants
  const source = openSync(fsPath(from), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const stat = fstatSync(source)
    if (!stat.isFile()) return
    const target = openSync(fsPath(to), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      const chunk = Buffer.alloc(1 << 16)
      for (let got = 1; got > 0;) {
        got = readSync(source, chunk)
        spend(budget, 'bytes', got)
        for (let put = 0; put < got;) put += writeSync(target, chunk, put, got - put)
      }
      fchmodSync(target, stat.mode & 0o777)
    } finally {
      closeSync(target)
    }
  } finally {
    closeSync(source)
  }
}
