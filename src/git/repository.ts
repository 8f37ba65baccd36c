import { lstatOf, readRegular, realpathOf } from '../host/files.ts'
import { isWithin, parentOf } from '../host/paths.ts'

/**
 * A repository as its files describe it. agentbox never runs git to learn this: a fresh clone's config can
 * make git execute things, and a process more costs more than the whole look-up.
 */
export interface GitRepository {
  /** The top of the work tree, or the git directory itself if it is bare. */
  workTree: string
  /** HEAD, index and the like; resolved. */
  gitDir: string
  /** Objects, refs, hooks, config; the same as `gitDir` but in linked worktrees. Resolved. */
  commonDir: string
  kind: 'plain' | 'worktree' | 'submodule' | 'bare' | 'unverified'
}

/** The repository, if its git directory is its own for sure: any other one is nothing to it. */
export function verified(repository: GitRepository | undefined): GitRepository | undefined {
  return repository?.kind === 'unverified' ? undefined : repository
}

const POINTER_LIMIT = 8192

/**
 * The repository that `cwd` (resolved) is in. A submodule, or any repository whose git directory lies in
 * that of an enclosing one, belongs to the outer repository: the box's project is the whole.
 */
export function findRepository(cwd: string): GitRepository | undefined {
  const inner = nearestRepository(cwd)
  if (inner === undefined || inner.workTree === '/') return inner
  const outer = findRepository(parentOf(inner.workTree))
  const owns =
    outer !== undefined && (isWithin(inner.gitDir, outer.gitDir) || isWithin(inner.gitDir, outer.commonDir))
  return owns ? outer : inner
}

function nearestRepository(cwd: string): GitRepository | undefined {
  for (let dir = cwd; ; dir = parentOf(dir)) {
    const found = repositoryAt(dir)
    if (found !== undefined || dir === '/') return found
  }
}

/** The repository whose work tree starts at `dir`, or that `dir` itself is (bare). */
export function repositoryAt(dir: string): GitRepository | undefined {
  const dotGit = dir === '/' ? '/.git' : `${dir}/.git`
  const stat = lstatOf(dotGit)
  if (stat?.isDirectory() === true && isGitDir(dotGit)) {
    return { workTree: dir, gitDir: dotGit, commonDir: dotGit, kind: 'plain' }
  }
  if (stat?.isSymbolicLink() === true || stat?.isFile() === true) return pointedTo(dir, dotGit)
  if (stat === undefined && isGitDir(dir)) return { workTree: dir, gitDir: dir, commonDir: dir, kind: 'bare' }
  return undefined
}

function isGitDir(dir: string): boolean {
  if (lstatOf(`${dir}/HEAD`) === undefined) return false
  return lstatOf(`${dir}/objects`)?.isDirectory() === true && lstatOf(`${dir}/refs`)?.isDirectory() === true
}

/**
 * Follows a `.git` file. Whoever unpacked the work tree could have written anything into it, so the git
 * directory counts only if it points back here; otherwise the repository is `unverified` and its git
 * directory stays outside the box.
 */
function pointedTo(workTree: string, dotGit: string): GitRepository | undefined {
  const pointer = /^gitdir: (.+?)\n*$/s.exec(readText(dotGit) ?? '')?.[1]
  const gitDir = pointer === undefined ? undefined : realpathOf(absolute(pointer, workTree))
  if (gitDir === undefined) return { workTree, gitDir: dotGit, commonDir: dotGit, kind: 'unverified' }
  // As git does: a space belongs to the name.
  const common = readText(`${gitDir}/commondir`)?.replace(/[\r\n]+$/, '')
  const commonDir = common === undefined ? gitDir : realpathOf(absolute(common, gitDir))
  if (commonDir !== undefined && isLinkedWorktree(gitDir, commonDir, dotGit)) {
    return { workTree, gitDir, commonDir, kind: 'worktree' }
  }
  if (commonDir === gitDir && isSubmodule(gitDir, workTree)) {
    return { workTree, gitDir, commonDir: gitDir, kind: 'submodule' }
  }
  return { workTree, gitDir, commonDir: gitDir, kind: 'unverified' }
}

function isLinkedWorktree(gitDir: string, commonDir: string, dotGit: string): boolean {
  if (!isGitDir(commonDir) || parentOf(gitDir) !== `${commonDir}/worktrees`) return false
  const back = readText(`${gitDir}/gitdir`)?.trim()
  return back !== undefined && realpathOf(absolute(back, gitDir)) === dotGit
}

/** git writes the way back into the submodule's own config as `core.worktree`. */
function isSubmodule(gitDir: string, workTree: string): boolean {
  if (!/\/modules\//.test(gitDir) || !isGitDir(gitDir)) return false
  const back = /^\s*worktree\s*=\s*(.+?)\s*$/m.exec(readText(`${gitDir}/config`) ?? '')?.[1]
  return back !== undefined && realpathOf(absolute(back.replaceAll('"', ''), gitDir)) === workTree
}

function absolute(path: string, base: string): string {
  return path.startsWith('/') ? path : `${base}/${path}`
}

function readText(path: string): string | undefined {
  return readRegular(path, POINTER_LIMIT)?.toString('utf8')
}
