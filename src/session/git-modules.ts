import { lstatOf } from '../host/files.ts'
import { modulesOf } from '../protect/git.ts'
import { quarantine } from '../protect/quarantine.ts'
import type { Project } from '../host/project.ts'
import { namesIn } from './worktrees.ts'

/**
 * Git directories of submodules that came while the box ran. `git submodule update` outside would take one for
 * what an earlier call had cloned, with the config and the hooks that it has.
 */
export function moduleWatch(
  { repository }: Project,
  state: string,
  session: string,
): { quarantineNew(): string[] } {
  const common =
    repository === undefined || repository.kind === 'unverified' ? undefined : repository.commonDir
  const all = (): string[] =>
    common === undefined ? [] : [...modulesOf(common), ...linksIn(`${common}/modules`, 4)]
  const before = new Set(all())
  return {
    /** Returns what people are to hear. */
    quarantineNew() {
      if (common === undefined) return []
      const fresh = all().filter((path) => !before.has(path))
      const outermost = fresh.filter((path) => !fresh.some((other) => path.startsWith(`${other}/`)))
      return outermost.map((path) => takeAway(path, common, state, session))
    },
  }
}

/** git follows a link to a git directory like the directory. */
function linksIn(path: string, depth: number): string[] {
  const stat = lstatOf(path)
  if (stat?.isSymbolicLink() === true) return [path]
  if (stat?.isDirectory() !== true || depth === 0 || lstatOf(`${path}/HEAD`) !== undefined) return []
  return namesIn(path).flatMap((name) => linksIn(`${path}/${name}`, depth - 1))
}

function takeAway(path: string, root: string, state: string, session: string): string {
  try {
    quarantine(state, { path, root, session, runBy: 'git submodule' })
    return `${path} came into being in the box and is in quarantine: git submodule update would have obeyed it`
  } catch (error) {
    return `${path} came into being in the box and could not be moved (${(error as Error).message}): remove it before you run git`
  }
}
