import { lstatOf, namesIn } from '../host/files.ts'
import { gitSettingsOf } from '../host/git-user.ts'
import { ancestorsBetween, isBelow, isWithin } from '../host/paths.ts'
import { writeCeilingOf } from '../policy/baseline.ts'
import { endOf, isCircle } from '../protect/behind.ts'
import type { AbsentPath } from '../protect/paths.ts'
import type { Situation } from './situation.ts'

/**
 * What of the user's own set-up is in the project because a link in the home leads there, as in a repository of dotfiles:
 * the configuration of agentbox and of git, start files, editors' settings. Whatever its name is in the project, outside
 * the box it runs or decides what may run. `writable`: the directories that the box can write to.
 */
export function linkedSetUp(
  { env, facts: { home }, dirs }: Pick<Situation, 'env' | 'facts' | 'dirs'>,
  writable: readonly string[],
): AbsentPath[] {
  const isPart = (path: string): boolean => writable.some((dir) => isBelow(path, dir))
  const steering = writeCeilingOf(home).filter((path) => isWithin(path, home))
  const open = [...steering.filter((path) => isWithin(path, `${home}/.config`)), dirs.config]
  const onLink = linkFinder(home)
  const places = [...steering, ...open, ...open.flatMap(childrenOf)].filter(
    (path) => !isPart(path) && onLink(path),
  )
  // `~/.config/git` may be the project itself.
  return [...new Set([...places, ...gitSettingsOf(env, home)])]
    .map((path) => ({ path: endOf(path), from: path }))
    .filter(({ path }) => isPart(path) && !isCircle(path))
    .map(({ path, from }) => ({
      path,
      why: from === path ? 'it counts outside the box' : `${from} leads to it, which counts outside the box`,
      runBy: from,
    }))
}

/** Programs that people make have their links in other places, and are work like any other. */
function childrenOf(dir: string): string[] {
  if (lstatOf(dir) === undefined) return []
  return namesIn(dir)
    .map((name) => `${dir}/${name}`)
    .filter((path) => lstatOf(path)?.isSymbolicLink() === true)
}

/** Whether a link is on the way to a path: all else in the home ends where it stands, and most of it is not there. */
function linkFinder(home: string): (path: string) => boolean {
  const kinds = new Map<string, 'link' | 'plain' | 'absent'>()
  const kindAt = (path: string): 'link' | 'plain' | 'absent' => {
    const stat = lstatOf(path)
    if (stat === undefined) return 'absent'
    return stat.isSymbolicLink() ? 'link' : 'plain'
  }
  return (path) => {
    if (!isWithin(path, home)) return true
    for (const at of [...ancestorsBetween(home, path), path]) {
      const kind = kinds.get(at) ?? kindAt(at)
      kinds.set(at, kind)
      if (kind !== 'plain') return kind === 'link'
    }
    return false
  }
}
