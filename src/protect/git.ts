import { readConfig } from '../git/settings.ts'
import type { GitRepository } from '../git/repository.ts'
import { isWritable, lstatOf, namesIn, readRegular, realpathOf } from '../host/files.ts'
import { parentOf } from '../host/paths.ts'
import { homedir } from 'node:os'
import { normalize } from 'node:path/posix'
import { endOf } from './behind.ts'
import type { Placeholder, ProtectedPath } from './paths.ts'

const POINTER_LIMIT = 8192

/**
 * What git would execute or obey of a git directory: hooks, config and what config includes, attributes;
 * the same for the submodules' git directories in it. `missing` are the inert placeholders that close
 * a gap (an empty hooks directory), since git treats them as if they were not there.
 */
export interface GitProtection {
  paths: ProtectedPath[]
  missing: Placeholder[]
}

/** Whether a path lies in a place that the box may write to: anything else needs no protection. */
type IsInside = (path: string) => boolean

/** What of it the box may write to, and what else names things in it. */
export interface Scope {
  isInside: IsInside
  /** The user's and the system's config files, of which git takes what is relative from each work tree. */
  settings: readonly string[]
}

/** Protection of a repository's git directories. */
export function protectRepository(repository: GitRepository, scope: Scope): GitProtection {
  const { commonDir, workTree } = repository
  const { isInside, settings } = scope
  const parts = [protectGitDir(commonDir, isInside, workTree)]
  for (const dir of worktreesOf(commonDir)) parts.push(protectWorktree(dir, repository, scope))
  for (const dir of modulesOf(commonDir)) parts.push(protectGitDir(dir, isInside, undefined))
  return {
    paths: [
      ...parts.flatMap((part) => part.paths),
      ...settings.flatMap((file) => referredTo(file, { workTree, isInside, own: false })),
    ],
    missing: parts.flatMap((part) => part.missing),
  }
}

/** The administrations of linked worktrees. */
export function worktreesOf(commonDir: string): string[] {
  return directoriesIn(`${commonDir}/worktrees`)
}

/** What git would execute or obey in a linked worktree, by the administration of it; none if it leads nowhere. */
export function namedInWorktree(
  dir: string,
  commonDir: string,
  { isInside, settings }: Scope,
  workTree = workTreeOf(dir),
): ProtectedPath[] {
  if (workTree === undefined) return []
  const own = [`${commonDir}/config`, `${commonDir}/config.worktree`, `${dir}/config.worktree`]
  return [
    ...own.flatMap((file) => referredTo(file, { workTree, isInside, own: true })),
    ...settings.flatMap((file) => referredTo(file, { workTree, isInside, own: false })),
  ]
}

/** It may be relative; no link in it is followed. */
function workTreeOf(dir: string): string | undefined {
  const back = readRegular(`${dir}/gitdir`, POINTER_LIMIT)?.toString('utf8').trim()
  if (back === undefined || back === '') return undefined
  return parentOf(normalize(back.startsWith('/') ? back : `${dir}/${back}`))
}

/** The config files of a repository and its submodules that git writes to. */
export function configFiles({ commonDir, gitDir }: GitRepository): string[] {
  const dirs = [commonDir, ...modulesOf(commonDir)].filter((dir) => isWritable(dir))
  const files = dirs.flatMap((dir) => [`${dir}/config`, `${dir}/config.worktree`])
  return gitDir === commonDir ? files : [...files, `${gitDir}/config.worktree`]
}

/** The git directories of submodules. */
export function modulesOf(commonDir: string): string[] {
  return moduleDirs(`${commonDir}/modules`, 4)
}

/** Protection of one git directory that is not a linked worktree's. */
function protectGitDir(gitDir: string, isInside: IsInside, workTree: string | undefined): GitProtection {
  const why = 'git executes what it names'
  const paths: ProtectedPath[] = [
    { path: `${gitDir}/hooks`, why: 'git executes it' },
    { path: `${gitDir}/config`, why },
    { path: `${gitDir}/config.worktree`, why },
    { path: `${gitDir}/info/attributes`, why: 'it selects filters and diff drivers' },
    { path: `${gitDir}/commondir`, why: 'it moves hooks and config elsewhere' },
    { path: `${gitDir}/objects/info/alternates`, why: 'git takes objects from where it says' },
    { path: `${gitDir}/info/grafts`, why: 'git shows other commits by it than there are' },
    { path: `${gitDir}/lazygit.yml`, why: 'lazygit obeys it' },
    ...['config', 'config.worktree'].flatMap((name) =>
      referredTo(`${gitDir}/${name}`, { workTree: workTree ?? gitDir, isInside, own: true }),
    ),
  ]
  // Where this user may not write, the agent may not either.
  if (!isWritable(gitDir)) return { paths, missing: [] }
  const missing: Placeholder[] = [
    { path: `${gitDir}/hooks`, kind: 'directory' },
    { path: `${gitDir}/info`, kind: 'directory' },
    { path: `${gitDir}/info/attributes`, kind: 'file' },
    // "Shared parts are here": what git assumes without it. Left open, one line in it would make the next git
    // command outside take hooks and config from a directory that the agent made.
    { path: `${gitDir}/commondir`, kind: 'file', content: '.\n' },
    // Obeyed as soon as `extensions.worktreeConfig` is set, which the first `git sparse-checkout set` does.
    { path: `${gitDir}/config.worktree`, kind: 'file' },
  ]
  return { paths, missing }
}

/**
 * A linked worktree's administration. Of a worktree that the box shows, only what redirects git is closed;
 * any other one whole, since `git gc` in a box that cannot see the work tree would prune it.
 */
function protectWorktree(dir: string, repository: GitRepository, scope: Scope): GitProtection {
  const pointed = workTreeOf(dir)
  const shown = dir === repository.gitDir || (pointed !== undefined && scope.isInside(`${pointed}/.git`))
  if (!shown) return { paths: [{ path: dir, why: 'it belongs to another worktree' }], missing: [] }
  const paths = ['commondir', 'gitdir', 'config.worktree'].map((name) => ({
    path: `${dir}/${name}`,
    why: 'git follows it',
  }))
  const workTree = dir === repository.gitDir ? repository.workTree : pointed
  paths.push(...namedInWorktree(dir, repository.commonDir, scope, workTree))
  return { paths, missing: isWritable(dir) ? [{ path: `${dir}/config.worktree`, kind: 'file' }] : [] }
}

/** git itself follows ten. */
const MOST_INCLUDES = 10

/** Whose values are commands; of an alias those that begin with `!`. */
const COMMANDS =
  /^(?:core\.(?:fsmonitor|sshcommand|editor|pager|askpass|gitproxy|alternaterefscommand)|submodule\..*\.update|uploadpack\.packobjectshook|gc\.recentobjectshook|sendemail\.(?:.*\.)?(?:tocmd|cccmd|headercmd|smtpserver|sendmailcmd)|sequence\.editor|interactive\.difffilter|diff\.external|(?:filter|diff|merge|gpg|credential|hook|remote|mergetool|difftool|trailer|man|browser|guitool)(?:\..*)?\.(?:clean|smudge|process|textconv|command|driver|program|defaultkeycommand|helper|cmd|uploadpack|receivepack)|(?:alias|pager)\..*)$/s

interface Reading {
  workTree: string
  isInside: IsInside
  /** The repository's own config, in whose commands a bare word may be a file; in anybody's aliases most are none. */
  own: boolean
}

/**
 * Files and directories of the project that a config file makes git execute or obey, or would if they were there; where
 * the links end that lead to them.
 */
function referredTo(file: string, reading: Reading, depth = 0): ProtectedPath[] {
  const { workTree, isInside } = reading
  const out: ProtectedPath[] = []
  const add = (value: string, base: string, why: string): string => {
    const via = whole(value, base)
    const path = endOf(via)
    if (isInside(path) || isInside(via)) out.push({ path, why, via })
    return via
  }
  for (const { section, key, value } of readConfig(realpathOf(file) ?? file)) {
    const name = `${section}.${key}`
    if (key === 'path' && /^include(if\.|$)/.test(section)) {
      const path = add(value, parentOf(file), 'git config includes it')
      if (depth < MOST_INCLUDES) out.push(...referredTo(path, reading, depth + 1))
    } else if (name === 'core.hookspath') add(value, workTree, 'it is core.hooksPath')
    else if (name === 'core.attributesfile') add(value, workTree, 'it is core.attributesFile')
    else if (COMMANDS.test(name)) {
      const words = value.split(/[\s!"';|&]+/).filter((word) => isProgram(word, name, reading))
      for (const word of words) add(word, workTree, `git executes it (${name})`)
    }
  }
  return out
}

/** As git and a shell read it. */
function whole(value: string, base: string): string {
  const path = value.startsWith('~/') ? homedir() + value.slice(1) : value
  return normalize(path.startsWith('/') ? path : `${base}/${path}`).replace(/\/$/, '')
}

/** A word of a command that is a file, or that could only be the name of one that is not there yet. */
function isProgram(word: string, name: string, { workTree, own }: Reading): boolean {
  const real = word === '' ? undefined : realpathOf(whole(word, workTree))
  if (real !== undefined) return (own || word.includes('/')) && lstatOf(real)?.isFile() === true
  return (
    !name.startsWith('alias.') &&
    /^(?:~\/|\.{0,2}\/)?[\w.@+-]+(?:\/[\w.@+-]+)*$/.test(word) &&
    /^[^-].*\//.test(word)
  )
}

/** Git directories below `.git/modules`, found by their HEAD; names may have slashes, so a few levels deep. */
function moduleDirs(dir: string, depth: number): string[] {
  return directoriesIn(dir).flatMap((path) => {
    if (lstatOf(`${path}/HEAD`) !== undefined) return [path, ...moduleDirs(`${path}/modules`, depth)]
    return depth > 1 ? moduleDirs(path, depth - 1) : []
  })
}

function directoriesIn(dir: string): string[] {
  return namesIn(dir)
    .map((name) => `${dir}/${name}`)
    .filter((path) => lstatOf(path)?.isDirectory() === true)
}
