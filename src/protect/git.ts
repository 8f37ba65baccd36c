import type { GitSetting } from '../git/config.ts'
import { readConfig } from '../git/settings.ts'
import type { GitRepository } from '../git/repository.ts'
import { isWritable, lstatOf, namesIn, readRegular } from '../host/files.ts'
import { normalize } from 'node:path/posix'
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

/** Protection of a repository's git directories. */
export function protectRepository(repository: GitRepository, isInside: IsInside): GitProtection {
  const parts = [protectGitDir(repository.commonDir, isInside, repository.workTree)]
  for (const dir of directoriesIn(`${repository.commonDir}/worktrees`))
    parts.push(protectWorktree(dir, repository, isInside))
  for (const dir of modulesOf(repository.commonDir)) parts.push(protectGitDir(dir, isInside, undefined))
  return { paths: parts.flatMap((part) => part.paths), missing: parts.flatMap((part) => part.missing) }
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
  const settings = readConfig(`${gitDir}/config`)
  const why = 'git executes what it names'
  const paths: ProtectedPath[] = [
    { path: `${gitDir}/hooks`, why: 'git executes it' },
    { path: `${gitDir}/config`, why },
    { path: `${gitDir}/config.worktree`, why },
    { path: `${gitDir}/info/attributes`, why: 'it selects filters and diff drivers' },
    { path: `${gitDir}/commondir`, why: 'it moves hooks and config elsewhere' },
    ...referredTo(settings, gitDir, workTree, isInside),
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
function protectWorktree(dir: string, repository: GitRepository, isInside: IsInside): GitProtection {
  const back = readRegular(`${dir}/gitdir`, POINTER_LIMIT)?.toString('utf8').trim()
  const shown = dir === repository.gitDir || (back !== undefined && isInside(normalize(back)))
  if (!shown) return { paths: [{ path: dir, why: 'it belongs to another worktree' }], missing: [] }
  const paths = ['commondir', 'gitdir', 'config.worktree'].map((name) => ({
    path: `${dir}/${name}`,
    why: 'git follows it',
  }))
  return { paths, missing: isWritable(dir) ? [{ path: `${dir}/config.worktree`, kind: 'file' }] : [] }
}

/** Files and directories of the project that the config makes git execute or obey. */
function referredTo(
  settings: readonly GitSetting[],
  gitDir: string,
  workTree: string | undefined,
  isInside: IsInside,
): ProtectedPath[] {
  const out: ProtectedPath[] = []
  const add = (value: string, base: string, why: string): void => {
    const path = normalize(value.startsWith('/') ? value : `${base}/${value}`).replace(/\/$/, '')
    if (isInside(path)) out.push({ path, why })
  }
  for (const { section, key, value } of settings) {
    if (key === 'path' && /^include(if\.|$)/.test(section)) add(value, gitDir, 'git config includes it')
    if (section === 'core' && key === 'hookspath') add(value, workTree ?? gitDir, 'it is core.hooksPath')
    if (section === 'core' && key === 'attributesfile')
      add(value, workTree ?? gitDir, 'it is core.attributesFile')
  }
  return out
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
