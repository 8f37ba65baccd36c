import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { Script } from 'node:vm'
import { makeDirs } from './host/make-dirs.ts'
import { allButNewest } from './host/newest.ts'

/**
 * The executable. It loads as little as it can: launching a box has a bundle of its own, without the
 * libraries that only the other commands need, and V8's compiled form of it is kept in the user's cache
 * (on Node 20 compiling it anew takes a third of a launch). A missing or unfit cache costs nothing more.
 */
const entry = ['run', 'hook'].find((name) => name === process.argv[2]) ?? 'cli'
const bundle = `${__dirname}/${entry}.cjs`
const source = readFileSync(bundle, 'utf8')
const cache = cachePath()
const script = new Script(source, {
  filename: bundle,
  cachedData: cache === undefined ? undefined : readCache(cache),
})
if (cache !== undefined && script.cachedDataRejected !== false) process.once('exit', () => writeCache(cache))
;(script.runInThisContext() as (...args: unknown[]) => void)(require, __dirname, bundle)

/** One file for each bundle as it is (size and time) and each Node; undefined without a home. */
function cachePath(): string | undefined {
  const { HOME: home, XDG_CACHE_HOME: xdg } = process.env
  const base =
    xdg?.startsWith('/') === true ? xdg : home?.startsWith('/') === true ? `${home}/.cache` : undefined
  if (base === undefined) return undefined
  const fd = openSync(bundle, 'r')
  const { size, mtimeMs } = fstatSync(fd)
  closeSync(fd)
  return `${base}/agentbox/${entry}-${process.version}-${process.arch}-${size}-${mtimeMs.toString(36)}.v8`
}

/** What is in the cache is executed, so it must be a file that only this user could have written. */
function readCache(path: string): Buffer | undefined {
  let fd: number | undefined
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stat = fstatSync(fd)
    return stat.isFile() && stat.uid === process.getuid!() && (stat.mode & 0o077) === 0
      ? readFileSync(fd)
      : undefined
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** A few stay, by when they were written: of another Node, or of another installation. */
const KEPT = 4

function writeCache(path: string): void {
  try {
    const dir = path.slice(0, path.lastIndexOf('/'))
    makeDirs(dir, 0o700)
    const temporary = `${path}.${process.pid}`
    writeFileSync(temporary, script.createCachedData(), { flag: 'wx', mode: 0o600 })
    renameSync(temporary, path)
    const older = allButNewest(dir, (name) => name.startsWith(`${entry}-`), KEPT)
    for (const name of older) rmSync(`${dir}/${name}`, { force: true })
  } catch {
    // A read-only or full disk only costs the next start its time.
  }
}
