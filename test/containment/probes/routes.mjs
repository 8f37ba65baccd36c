// The masked files of the project, by every way around a mask.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { all, blind, bytes, failed, openForWriting, pass, read, refused, unreadable, world } from './lib.mjs'

const env = `${world.place}/.env`
const side = `${world.place}/probe-side`

export function routes() {
  return [
    ['env-by-cwd', () => unreadable(() => read('/proc/self/cwd/.env'))],
    ['env-by-root', () => unreadable(() => read(`/proc/self/root${env}`))],
    ['env-by-root-1', () => unreadable(() => read(`/proc/1/root${env}`))],
    ['env-by-thread', () => unreadable(() => read(`/proc/thread-self/root/${env}`))],
    ['env-by-directory-fd', byDirectoryFd],
    ['env-by-new-symlink', byNewSymlink],
    [
      'env-by-hard-link',
      () =>
        refused(
          () => fs.linkSync(env, side),
          () => fs.rmSync(side),
        ),
    ],
    ['env-by-copy', byCopy],
    ['env-by-git', byGit],
    [
      'env-rename',
      () =>
        refused(
          () => fs.renameSync(env, side),
          () => fs.renameSync(side, env),
        ),
    ],
    ['env-unlink', unlink],
    ['env-replace', replace],
    ['env-write', () => refused(() => openForWriting(env))],
    ['env-truncate', () => refused(() => fs.truncateSync(env))],
    ['env-chmod', () => refused(() => fs.chmodSync(env, 0o666))],
    ['env-parent-renamed', parentRenamed],
    ['env-parent-replaced', parentReplaced],
    ['env-directory-write', () => refused(() => fs.writeFileSync(`${world.place}/svc/.env/new`, ''))],
    ['hidden-write', () => refused(() => fs.writeFileSync(`${world.place}/infra/prod/new`, ''))],
    ['dot-dot', dotDot],
  ]
}

function byDirectoryFd() {
  const fd = fs.openSync(world.place, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY)
  try {
    return all([`/proc/self/fd/${fd}/.env`, `/dev/fd/${fd}/.env`].map((path) => unreadable(() => read(path))))
  } finally {
    fs.closeSync(fd)
  }
}

function byNewSymlink() {
  fs.symlinkSync(env, side)
  try {
    return unreadable(() => read(side))
  } finally {
    fs.rmSync(side)
  }
}

function byCopy() {
  try {
    return unreadable(() => {
      fs.copyFileSync(env, side)
      return read(side)
    })
  } finally {
    fs.rmSync(side, { force: true })
  }
}

/** What git would put into its objects. */
function byGit() {
  try {
    return blind(execFileSync('git', ['-c', 'core.pager=cat', 'diff', '--no-index', '/dev/null', env]))
  } catch (error) {
    // Status 1 only says that there is a difference.
    return error.status === 1 ? blind(error.stdout) : failed(String(error))
  }
}

function unlink() {
  const saved = read(env)
  return refused(
    () => fs.unlinkSync(env),
    () => fs.writeFileSync(env, saved),
  )
}

function replace() {
  const saved = read(env)
  fs.writeFileSync(side, 'replaced')
  const result = refused(
    () => fs.renameSync(side, env),
    () => fs.writeFileSync(env, saved),
  )
  fs.rmSync(side, { force: true })
  return result
}

/** A mask goes along with the directory, so that renaming it may work. */
function parentRenamed() {
  const [from, to] = [`${world.place}/api`, `${world.place}/api-probe`]
  try {
    fs.renameSync(from, to)
  } catch (error) {
    return pass(error.code)
  }
  const result = unreadable(() => read(`${to}/.env`))
  fs.renameSync(to, from)
  return result
}

/** Another directory under the old name must not bring the file back. */
function parentReplaced() {
  const [from, to] = [`${world.place}/api`, `${world.place}/api-probe`]
  try {
    fs.renameSync(from, to)
  } catch (error) {
    return pass(error.code)
  }
  fs.symlinkSync(to, from)
  const result = all([from, to].map((dir) => unreadable(() => read(`${dir}/.env`))))
  fs.rmSync(from)
  fs.renameSync(to, from)
  return result
}

/** Every directory above, and what can be seen from there. */
function dotDot() {
  const seen = []
  for (let up = '..', level = 0; level < 12; up += '/..', level++) {
    for (const { path } of world.places.filter((place) => place.how === 'absent')) {
      const fromHere = `${world.place}/${up}${path}`
      if (fs.lstatSync(bytes(fromHere), { throwIfNoEntry: false }) !== undefined) seen.push(fromHere)
    }
  }
  return seen.length === 0 ? pass('nothing') : failed(seen.join(' '))
}
