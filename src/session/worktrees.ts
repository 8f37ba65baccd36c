import { belongingOf, pointedAt, type Belonging } from '../git/worktree-dirs.ts'
import { repositoryAt } from '../git/repository.ts'
import { linkTarget, lstatOf, namesIn, realpathOf } from '../host/files.ts'
import { ancestorsBetween, isBelow, isWithin, nameOf, parentOf } from '../host/paths.ts'
import { gitSettingsOf } from '../host/git-user.ts'
import { namedInWorktree, worktreesOf } from '../protect/git.ts'
import { quarantine } from '../protect/quarantine.ts'
import type { Prepared } from './prepare.ts'
import type { Watched } from './supervise.ts'
import { writableRoots } from './survey.ts'

/** Milliseconds between two looks. */
const ROUND = 100

/** Linked worktrees, which are made in a box and beside it, and whose administration the box can write to. */
export interface Worktrees {
  /** What a `.git` that has appeared is. */
  belonging(path: string): Belonging
  /** Whether it is one that git itself vouches for from both sides. */
  isHonest(path: string): boolean
  close(): void
}

/**
 * A worktree's administration that has left its repository is taken away, with which its work tree is none any more.
 * Those that were there before are read-only, with whatever settings they have. The same for what git or an
 * agent would obey and what was not there: hooks, included files and the like.
 */
export function watchWorktrees({ prepared, session, journal, running }: Watched): Worktrees {
  const { dirs, project } = prepared.situation
  const { repositories, absent, survey } = prepared
  const roots = [...repositories, project.root, ...survey.grants.map(({ path }) => path)]
  const before = new Set(repositories.flatMap(strange))
  /** What stays, and under which policy: a stricter one may come. */
  const told = new Map<string, string>()
  const takeAway = (path: string, runBy: string): void => {
    const wanted = running.policy.protect.absent.value
    if (before.has(path) || told.get(path) === wanted) return
    const root = roots.find((dir) => isWithin(path, dir))!
    const about = { path: plantedFor(path, root), runBy }
    try {
      if (wanted === 'report') throw new Error('it stays')
      const entry = quarantine(dirs.state, { ...about, root, session: session.id })
      if (entry !== undefined) journal.record({ kind: 'quarantined', ...about, id: entry.id })
    } catch {
      told.set(path, wanted)
      journal.record({ kind: 'reported', ...about })
    }
  }
  const namedAnew = namesOfNewWorktrees(prepared)
  const look = (): void => {
    for (const path of repositories.flatMap(strange)) takeAway(path, 'git')
    // Settings that stand there count for a worktree that is made now, too.
    for (const path of namedAnew()) if (lstatOf(path) !== undefined) takeAway(path, 'git')
    for (const { path, runBy } of absent) if (lstatOf(path) !== undefined) takeAway(path, runBy)
  }
  const round = setInterval(look, ROUND).unref()
  return {
    belonging: (path) => belongingAt(path, repositories),
    isHonest: (path) => isHonest(path, repositories),
    close() {
      clearInterval(round)
      look()
    },
  }
}

/** What has come to stand there, or the link that leads there: on the way to what is absent is none when a box begins. */
export function plantedFor(path: string, root: string): string {
  return ancestorsBetween(root, path).find((dir) => linkTarget(dir) !== undefined) ?? path
}

/**
 * What settings that stand there name in worktrees that were not there yet. Of such a worktree only the box says where it
 * is: what it could not write itself is not moved for that.
 */
function namesOfNewWorktrees({ situation, survey, repositories, readonly }: Prepared): () => string[] {
  const { env, facts, project } = situation
  const writable = writableRoots(project.root, survey)
  const closed = [...readonly, ...[...survey.masks, ...survey.hidden].map(({ path }) => path)]
  const isOpen = (path: string): boolean =>
    writable.some((dir) => isBelow(path, dir)) &&
    !closed.some((one) => isWithin(path, one) || isWithin(one, path))
  const scope = { isInside: isOpen, settings: gitSettingsOf(env, facts.home) }
  const stood = new Set(repositories.flatMap(worktreesOf))
  const fresh = (own: string): string[] => worktreesOf(own).filter((dir) => !stood.has(dir))
  return () =>
    repositories
      .flatMap((own) => fresh(own).flatMap((dir) => namedInWorktree(dir, own, scope)))
      .map(({ path }) => path)
      .filter(isOpen)
}

/** Whatever of the worktrees' administrations is none of this repository. */
export function strange(own: string): string[] {
  const dir = `${own}/worktrees`
  const stat = lstatOf(dir)
  if (stat === undefined) return []
  if (!stat.isDirectory()) return [dir]
  return namesIn(dir)
    .map((name) => `${dir}/${name}`)
    .filter((path) => belongingOf(path, own) === 'other')
}

/**
 * `git worktree add` makes a file `.git` that leads to a repository that was there: git works there with the hooks
 * and the config that this one has. As long as it leads nowhere, it is without effect.
 */
function belongingAt(path: string, repositories: readonly string[]): Belonging {
  if (nameOf(path) !== '.git' || lstatOf(path)?.isFile() !== true) return 'other'
  const pointer = pointedAt(path)
  if (pointer === undefined) return 'unfinished'
  const target = realpathOf(pointer)
  const own = repositories.find((dir) => target !== undefined && parentOf(target) === `${dir}/worktrees`)
  return own === undefined ? 'other' : belongingOf(target!, own)
}

export function isHonest(path: string, repositories: readonly string[]): boolean {
  const found = repositoryAt(parentOf(path))
  if (found?.kind !== 'worktree' || !repositories.includes(found.commonDir)) return false
  return belongingOf(found.gitDir, found.commonDir) === 'own'
}
