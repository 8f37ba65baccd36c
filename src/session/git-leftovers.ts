import type { Project } from '../host/project.ts'
import { lstatOf, readRegular } from '../host/files.ts'
import { quarantine } from '../protect/quarantine.ts'
import { shown } from '../ui/escape.ts'
import { moduleDirs } from './git-modules.ts'
import { namesIn } from './worktrees.ts'

const LARGEST = 1 << 20
/** git still reads an address from a file here where the config has none of that name. */
const REMOTES = ['remotes', 'branches'] as const

/** What takes a leftover for its own, and how; for people. */
const MODULE = { runBy: 'git submodule', because: 'git submodule update would have obeyed it' }
const REMOTE = { runBy: 'git push', because: 'git would have fetched from and pushed to where it says' }

/** What the box may write in `.git` as git's own work, and what the next git command outside would act upon. */
export function leftoverWatch({ repository }: Project, state: string, session: string): { look(): string[] } {
  if (repository === undefined || repository.kind === 'unverified') return { look: () => [] }
  const { commonDir } = repository
  const before = new Set([...moduleDirs(commonDir), ...remotesOf(commonDir), ...stepsOf(repository)])
  const fresh = (list: readonly string[]): string[] => list.filter((one) => !before.has(one))
  const takeAway = (path: string, { runBy, because }: typeof MODULE): string => {
    try {
      quarantine(state, { path, root: commonDir, session, runBy })
      return `${shown(path)} came into being in the box and is in quarantine: ${because}`
    } catch (error) {
      return `${shown(path)} came into being in the box and could not be moved (${(error as Error).message}): remove it before you run git`
    }
  }
  return {
    /** Returns what people are to hear. */
    look() {
      const modules = fresh(moduleDirs(commonDir))
      const outermost = modules.filter((path) => !modules.some((other) => path.startsWith(`${other}/`)))
      const remotes = fresh(remotesOf(commonDir))
      const steps = fresh(stepsOf(repository))
      return [
        ...outermost.map((path) => takeAway(path, MODULE)),
        ...remotes.map((path) => takeAway(path, REMOTE)),
        ...tell(steps),
      ]
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
