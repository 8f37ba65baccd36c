import { findExtended, isPath } from '../config/extends.ts'
import { isWider, policyDifference, type Side } from '../config/difference.ts'
import { RC_NAMES } from '../config/find.ts'
import { noApprovals } from '../config/grants.ts'
import { resolvePolicy } from '../config/layers.ts'
import { absolutePath } from '../config/paths.ts'
import { parseWithExtended, type FindExtended } from '../config/repo-files.ts'
import { AgentboxError, fail } from '../errors.ts'
import { commitOf, fileAt, filesNamed, forkOf, parseRange, type FileAt } from '../git/revisions.ts'
import { readRegular } from '../host/files.ts'
import { isWithin, parentOf } from '../host/paths.ts'
import { jsonText, shown } from '../ui/escape.ts'
import { agentboxDirs, type AgentboxDirs } from '../host/dirs.ts'
import { readHostFacts, type HostFacts } from '../host/facts.ts'
import { locateProject, type Project } from '../host/project.ts'
import { currentDir } from '../session/situation.ts'
import { scanTree } from '../masks/scan.ts'
import { differenceMarkdown, differenceText } from '../ui/difference.ts'
import { jsonOption, type Call, type Command } from './types.ts'

export const diff: Command = {
  name: 'diff',
  usage: '[REV..REV]',
  summary: 'What a change of the policy gives agents, and takes from them',
  options: {
    markdown: { type: 'boolean', about: 'for a comment on a pull request' },
    'fail-if-wider': { type: 'boolean', about: 'exit 1 if agents get more than before' },
    json: jsonOption,
  },
  examples: ['agentbox diff', 'agentbox diff main...HEAD --markdown', 'agentbox diff v1..v2 --json'],
  run: runDiff,
}

/** The same as a policy file may have. */
const LARGEST = 256 * 1024

async function runDiff({ env, values, positionals, out, talk }: Call): Promise<number> {
  if (positionals.length > 1) fail({ code: 'usage', text: 'diff takes one REV..REV', command: 'diff' })
  const place = placeOf(env)
  const { root, repository } = place.project
  if (repository === undefined)
    return fail({ code: 'usage', text: 'diff: there is no git repository here', command: 'diff' })
  const { before, after, fork } = parseRange(positionals[0])
  const [first, second] = [
    await named(root, before),
    after === undefined ? undefined : await named(root, after),
  ]
  const from = fork && second !== undefined ? ((await forkOf(root, first, second)) ?? first) : first
  const packages = new Set<string>()
  const at = (commit: string, revision: string): Promise<Side> =>
    inRevision(revision, root, async () =>
      sideOf(place, await filesOf(root, commit), findAt(root, commit, packages)),
    )
  const old = await at(from, from === first ? before : from.slice(0, 10))
  const now = second === undefined ? await sideOf(place, worktreeFiles(root)) : await at(second, after!)
  for (const name of packages)
    talk(`agentbox  extends "${shown(name)}": as it is in node_modules now, whatever the revision\n`)
  const difference = policyDifference(old, now)
  const title = positionals[0] ?? `${before}..work tree`
  if (values['json'] === true)
    out(`${jsonText({ version: 1, from, to: second ?? null, ...difference }, 2)}\n`)
  else out((values['markdown'] === true ? differenceMarkdown : differenceText)(difference, title, root))
  return values['fail-if-wider'] === true && isWider(difference) ? 1 : 0
}

interface Place {
  project: Project
  facts: HostFacts
  dirs: AgentboxDirs
}

/** Without the policies that hold here: one of them may be what is wrong. */
function placeOf(env: NodeJS.ProcessEnv): Place {
  const facts = readHostFacts(env)
  const dirs = agentboxDirs(env, facts.home)
  const project = locateProject({
    cwd: currentDir(),
    policyDir: undefined,
    home: facts.home,
    own: dirs,
  })
  return { project, facts, dirs }
}

async function named(root: string, revision: string): Promise<string> {
  const commit = await commitOf(root, revision)
  return commit ?? fail({ code: 'usage', text: `diff: git knows no commit "${revision}"`, command: 'diff' })
}

function worktreeFiles(root: string): FileAt[] {
  const { entries } = scanTree([root], { interesting: /^\.agentboxrc/s })
  return entries.flatMap(({ path, name }) => {
    const bytes = (RC_NAMES as readonly string[]).includes(name) ? readRegular(path, LARGEST) : undefined
    return bytes === undefined ? [] : [{ path: path.slice(root.length + 1), bytes }]
  })
}

async function filesOf(root: string, commit: string): Promise<FileAt[]> {
  const reason = 'git cannot read the policy of this revision, or it is too large'
  const files = await filesNamed(root, commit, RC_NAMES, LARGEST)
  return files ?? fail({ code: 'io', action: 'read', path: commit, reason })
}

/** What is wrong with a policy is told of that of the revision, as git names it: the one here may be right. */
async function inRevision(revision: string, root: string, work: () => Promise<Side>): Promise<Side> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AgentboxError) || error.problem.code !== 'policy-invalid') throw error
    const issues = error.problem.issues.map((issue) =>
      isWithin(issue.file, root) && !issue.file.includes('/node_modules/')
        ? { ...issue, file: `${revision}:${issue.file.slice(root.length + 1)}` }
        : issue,
    )
    return fail({ code: 'policy-invalid', issues }, error)
  }
}

/** What is extended, as the commit has it; packages are in none, and noted in `packages`. */
function findAt(root: string, commit: string, packages: Set<string>): FindExtended {
  return async (reference, file, boundary) => {
    if (!isPath(reference)) packages.add(reference)
    if (!isPath(reference) || file.includes('/node_modules/')) return findExtended(reference, file, boundary)
    const path = absolutePath(reference, parentOf(file), '/')
    if (!isWithin(path, boundary)) return `leads out of ${boundary}`
    const bytes = await fileAt(root, commit, path.slice(root.length + 1), LARGEST)
    if (bytes !== undefined) return { path, bytes, from: [path] }
    return `is no file of ${commit.slice(0, 10)}, or larger than ${LARGEST / 1024} KiB`
  }
}

/** The policy that the files make for somebody without own configuration, and all that they ask for. */
async function sideOf(
  { project, facts, dirs }: Place,
  files: readonly FileAt[],
  find?: FindExtended,
): Promise<Side> {
  const outermost = files.toSorted((a, b) => a.path.split('/').length - b.path.split('/').length)
  const parsed = await Promise.all(
    outermost.map(({ path, bytes }) => {
      const file = `${project.root}/${path}`
      return parseWithExtended(file, bytes, project.root, find)
    }),
  )
  const issues = parsed.flatMap((one) => ('issues' in one ? one.issues : []))
  if (issues.length > 0) fail({ code: 'policy-invalid', issues })
  return resolvePolicy({
    repoLayers: parsed.flatMap((one) => ('files' in one ? one.files.map(({ layer }) => layer) : [])),
    home: facts.home,
    project: project.root,
    own: Object.values(dirs),
    approvals: noApprovals,
  })
}
