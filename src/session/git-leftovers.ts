import type { Project } from '../host/project.ts'
import { lstatOf, namesIn, readRegular } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import { quarantine } from '../protect/quarantine.ts'
import { shown } from '../ui/escape.ts'
import { moduleDirs } from './git-modules.ts'

const LARGEST = 1 << 20
const LARGEST_REFS = 64 << 20
/** git still reads an address from a file here where the config has none of that name. */
const REMOTES = ['remotes', 'branches'] as const

/** What takes a leftover for its own, and how; for people. */
const MODULE = { runBy: 'git submodule', because: 'git submodule update would have obeyed it' }
const REMOTE = { runBy: 'git push', because: 'git would have fetched from and pushed to where it says' }

/**
 * What the box may write in a git directory as git's own work, and what the next git command outside would act upon.
 * `repositories`: the common directories, nested ones and granted ones too. `stood`: what was there before.
 */
export function leftoverWatch(
  { repository }: Pick<Project, 'repository'>,
  repositories: readonly string[],
  state: string,
  session: string,
  stood = leftoversIn({ repository }, repositories),
): { stood: string[]; look(): string[] } {
  const modules = (): string[] => repositories.flatMap(moduleDirs)
  const remotes = (): string[] => repositories.flatMap(remotesOf)
  const steps = (): string[] => stepsOf(gitDirsOf(repository, repositories))
  const replaced = (): string[] => repositories.flatMap(replacementsOf)
  const before = new Set(stood)
  const fresh = (list: readonly string[]): string[] => list.filter((one) => !before.has(one))
  const takeAway = (path: string, { runBy, because }: typeof MODULE): string => {
    const root = repositories.find((dir) => isWithin(path, dir))!
    try {
      quarantine(state, { path, root, session, runBy })
      return `${shown(path)} came into being in the box and is in quarantine: ${because}`
    } catch (error) {
      return `${shown(path)} came into being in the box and could not be moved (${(error as Error).message}): remove it before you run git`
    }
  }
  return {
    stood,
    /** Returns what people are to hear. */
    look() {
      const found = fresh(modules())
      const outermost = found.filter((path) => !found.some((other) => path.startsWith(`${other}/`)))
      return [
        ...outermost.map((path) => takeAway(path, MODULE)),
        ...fresh(remotes()).map((path) => takeAway(path, REMOTE)),
        ...tell(fresh(steps())),
        ...fresh(replaced())
          .slice(0, 1)
          .map(
            (path) =>
              `${shown(path)} came from the box: git shows another object there than it sends, until git replace -d`,
          ),
      ]
    },
  }
}

/** What stands there now: paths, and steps as `path: line`. */
export function leftoversIn(
  { repository }: Pick<Project, 'repository'>,
  repositories: readonly string[],
): string[] {
  const kinds = [moduleDirs, remotesOf, replacementsOf]
  return [...kinds.flatMap((of) => repositories.flatMap(of)), ...stepsOf(gitDirsOf(repository, repositories))]
}

const gitDirsOf = (repository: Project['repository'], repositories: readonly string[]): readonly string[] =>
  repository === undefined ? repositories : [repository.gitDir, ...repositories]

function remotesOf(commonDir: string): string[] {
  return REMOTES.flatMap((dir) => {
    const path = `${commonDir}/${dir}`
    // The agent may have put a link there.
    if (lstatOf(path)?.isDirectory() === false) return [path]
    return namesIn(path).map((name) => `${path}/${name}`)
  })
}

/**
 * What `git rebase --continue` and `git cherry-pick --continue` would run, in the work trees that are here and those
 * beside them: commands among the steps, and a strategy of merging, which is a program (`git-merge-NAME`, from the
 * work tree if there is a slash in it).
 */
function stepsOf(gitDirs: readonly string[]): string[] {
  const others = gitDirs.flatMap((dir) =>
    namesIn(`${dir}/worktrees`).map((name) => `${dir}/worktrees/${name}`),
  )
  const lines = (path: string, wanted: RegExp): string[] => {
    const text = readRegular(path, LARGEST)?.toString('utf8')
    // git would go through a link, and read on where we do not.
    if (text === undefined) return lstatOf(path) === undefined ? [] : [`${path}: no ordinary file`]
    return text
      .split('\n')
      .filter((line) => wanted.test(line))
      .map((line) => `${path}: ${line.trim()}`)
  }
  return [...new Set([...gitDirs, ...others])].flatMap((dir) => [
    ...lines(`${dir}/rebase-merge/git-rebase-todo`, /^\s*(?:x|exec)\s/),
    ...lines(`${dir}/rebase-merge/strategy`, STRATEGY),
    ...lines(`${dir}/sequencer/opts`, /strategy\s*=/i),
  ])
}

/** All but git's own. */
const STRATEGY = /^(?!(?:ort|recursive|resolve|octopus|ours|subtree)?$)/

function replacementsOf(commonDir: string): string[] {
  const packed = readRegular(`${commonDir}/packed-refs`, LARGEST_REFS)?.toString('latin1') ?? ''
  const names = [...packed.matchAll(/ refs\/replace\/(\S+)$/gm)].map(([, name]) => name!)
  return [...namesIn(`${commonDir}/refs/replace`), ...names].map(
    (name) => `${commonDir}/refs/replace/${name}`,
  )
}

function tell(steps: readonly string[]): string[] {
  if (steps.length === 0) return []
  const first = shown(steps[0]!.slice(0, 300))
  const more = steps.length > 1 ? `, and ${steps.length - 1} more` : ''
  return [
    `git cherry-pick --continue or rebase --continue would run what came from the box (${first}${more}): look before you go on`,
  ]
}
