// Planting what would run or steer later, outside the box. What works by mistake is undone again.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { all, failed, openForWriting, pass, read, refused, world } from './lib.mjs'

/** Files and directories that must stay as they are, and git's own places. */
export function plant() {
  return [
    ...world.protected.map((path) => [`plant:${path.slice(world.base.length)}`, () => untouchable(path)]),
    ['git-config-command', gitConfig],
    ['git-commondir', gitCommonDir],
    ['git-renamed', () => renamed(world.gitPlace, `${world.place}/git-probe`)],
    ['git-hooks-removed', () => refused(() => fs.rmdirSync(`${world.commonDir}/hooks`))],
    ['nested-renamed', () => renamed(`${world.place}/nested`, `${world.place}/nested-probe`)],
    ['nested-git-renamed', () => renamed(`${world.place}/nested/.git`, `${world.place}/nested/.git-probe`)],
  ]
}

function untouchable(path) {
  return fs.statSync(path).isDirectory() ? closedDirectory(path) : closedFile(path)
}

function closedDirectory(path) {
  const inside = `${path}/probe-${process.pid}`
  return all([
    refused(
      () => fs.writeFileSync(inside, '#!/bin/sh\n', { mode: 0o755 }),
      () => fs.rmSync(inside),
    ),
    refused(
      () => fs.symlinkSync('/tmp', inside),
      () => fs.rmSync(inside),
    ),
    ...fs.readdirSync(path).map((name) => {
      const entry = `${path}/${name}`
      return fs.statSync(entry).isDirectory() ? closedDirectory(entry) : refused(() => openForWriting(entry))
    }),
    renamed(path, `${path}-probe`),
    refused(
      () => fs.chmodSync(path, 0o777),
      () => fs.chmodSync(path, 0o755),
    ),
  ])
}

function closedFile(path) {
  const saved = read(path)
  const restore = () => fs.writeFileSync(path, saved)
  return all([
    ...(isOwnCopy(path) ? [] : [refused(() => openForWriting(path))]),
    refused(() => fs.unlinkSync(path), restore),
    renamed(path, `${path}-probe`),
    replaced(path, restore),
  ])
}

/** git's config is a link to a copy that is the box's own; from outside it is checked that the file is as before. */
function isOwnCopy(path) {
  const stat = fs.lstatSync(path)
  return stat.isSymbolicLink() && /^\/run\/agentbox\/git\/\d+\/config$/.test(fs.readlinkSync(path))
}

function renamed(from, to) {
  return refused(
    () => fs.renameSync(from, to),
    () => fs.renameSync(to, from),
  )
}

function replaced(path, restore) {
  // Next to it: from another mount the kernel would refuse for that reason alone.
  // No name of a secret: it would be masked at once.
  const other = path.replace(/[^/]*$/, 'probe-other')
  const result = refused(() => {
    fs.writeFileSync(other, 'planted')
    fs.renameSync(other, path)
  }, restore)
  fs.rmSync(other, { force: true })
  return result
}

function gitConfig() {
  const git = (...args) => execFileSync('git', ['config', ...args], { cwd: world.place, stdio: 'pipe' })
  try {
    git('core.fsmonitor', '/tmp/planted')
    // It stays there: nothing of it may come out.
    if (isOwnCopy(`${world.commonDir}/config`)) return pass('in its own copy')
  } catch (error) {
    return pass(`status ${error.status}`)
  }
  git('--unset', 'core.fsmonitor')
  return failed('git config works')
}

/**
 * A file of this name in a git directory makes git take hooks and config from the directory that it names,
 * in plain repositories as well.
 */
function gitCommonDir() {
  return all(
    world.gitDirs.map((dir) => {
      const path = `${dir}/commondir`
      const saved = fs.existsSync(path) ? read(path) : undefined
      return refused(
        () => fs.writeFileSync(path, '../planted\n'),
        () => (saved === undefined ? fs.rmSync(path) : fs.writeFileSync(path, saved)),
      )
    }),
  )
}

/** An agent's own state: shown or private, and never the user's. */
export function agentState() {
  return world.agentFiles.map((path) => [`agent:${path}`, () => inHome(`${world.home}/${path}`)])
}

/** Whatever can be written here is checked from outside afterwards: it must have stayed in the private home. */
function inHome(path) {
  try {
    fs.mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true })
    fs.writeFileSync(path, 'planted')
    return pass('private')
  } catch (error) {
    return pass(error.code)
  }
}
