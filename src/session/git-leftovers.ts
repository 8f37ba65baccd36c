import type { Project } from '../host/project.ts'
import { lstatOf, readRegular } from '../host/files.ts'
import { quarantine } from '../protect/quarantine.ts'
import { shown } from '../ui/escape.ts'
import { moduleWatch } from './git-modules.ts'
import { namesIn } from './worktrees.ts'

const LARGEST = 1 << 20
/** git still reads an address from a file here where the config has none of that name. */
const REMOTES = ['remotes', 'branches'] as const

/** What the box may write in `.git` as git's own work, and what the next git command outside would act upon. */
export function leftoverWatch(project: Project, state: string, session: string): { look(): string[] } {
  const { repository } = project
  const modules = moduleWatch(project, state, session)
  const own = repository === undefined || repository.kind === 'unverified' ? undefined : repository
  const before = new Set(own === undefined ? [] : [...remotesOf(own.commonDir), ...stepsOf(own)])
  return {
    /** Returns what people are to hear. */
    look() {
      if (own === undefined) return []
      const remotes = remotesOf(own.commonDir).filter((path) => !before.has(path))
      const steps = stepsOf(own).filter((step) => !before.has(step))
      const moved = remotes.map((path) => takeAway(path, own.commonDir, state, session))
      return [...modules.quarantineNew(), ...moved, ...tell(steps)]
    },
  }
}

function remotesOf(commonDir: string): string[] {
  return REMOTES.flatMap((dir) => {
    const path = `${commonDir}/${dir}`
    // The agent may have put a link there.
    if (lstatOf(path)?.isDirectory() === false) return [path]
    return namesIn(path).map((name) => `${path}/${name}`)
  })
}

/** Commands that `git rebase --continue` would run, in the worktree that is here and those beside it. */
function stepsOf({ gitDir, commonDir }: NonNullable<Project['repository']>): string[] {
  const others = namesIn(`${commonDir}/worktrees`).map((name) => `${commonDir}/worktrees/${name}`)
  return [...new Set([gitDir, commonDir, ...others])].flatMap((dir) => {
    const path = `${dir}/rebase-merge/git-rebase-todo`
    const lines = readRegular(path, LARGEST)?.toString('utf8').split('\n') ?? []
    return lines.filter((line) => /^\s*(?:x|exec)\s/.test(line)).map((line) => `${path}: ${line.trim()}`)
  })
}

function tell(steps: readonly string[]): string[] {
  if (steps.length === 0) return []
  const first = shown(steps[0]!.slice(0, 300))
  const more = steps.length > 1 ? `, and ${steps.length - 1} more` : ''
  return [`git rebase --continue would run what came from the box (${first}${more}): look before you go on`]
}

function takeAway(path: string, root: string, state: string, session: string): string {
  try {
    quarantine(state, { path, root, session, runBy: 'git push' })
    return `${shown(path)} came into being in the box and is in quarantine: git would have fetched from and pushed to where it says`
  } catch (error) {
    return `${shown(path)} came into being in the box and could not be moved (${(error as Error).message}): remove it before you run git`
  }
}
