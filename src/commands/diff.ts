import { isWider, policyDifference, type Side } from '../config/difference.ts'
import { RC_NAMES } from '../config/find.ts'
import { noApprovals } from '../config/grants.ts'
import { resolvePolicy } from '../config/layers.ts'
import { parsePolicy } from '../config/parse.ts'
import { fail } from '../errors.ts'
import { commitOf, filesNamed, forkOf, parseRange, type FileAt } from '../git/revisions.ts'
import { readRegular } from '../host/files.ts'
import { parentOf } from '../host/paths.ts'
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

async function runDiff({ env, values, positionals, out }: Call): Promise<number> {
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
  const old = await sideOf(place, await filesNamed(root, from, RC_NAMES, LARGEST))
  const now = await sideOf(
    place,
    second === undefined ? worktreeFiles(root) : await filesNamed(root, second, RC_NAMES, LARGEST),
  )
  const difference = policyDifference(old, now)
  const title = positionals[0] ?? `${before}..work tree`
  if (values['json'] === true)
    out(`${JSON.stringify({ version: 1, from, to: second ?? null, ...difference }, null, 2)}\n`)
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
    own: Object.values(dirs),
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

/** The policy that the files make for somebody without own configuration, and all that they ask for. */
async function sideOf({ project, facts, dirs }: Place, files: readonly FileAt[]): Promise<Side> {
  const outermost = files.toSorted((a, b) => a.path.split('/').length - b.path.split('/').length)
  const parsed = await Promise.all(
    outermost.map(({ path, bytes }) => {
      const file = `${project.root}/${path}`
      return parsePolicy({ layer: 'repo', file, dir: parentOf(file), bytes })
    }),
  )
  const issues = parsed.flatMap((one) => ('issues' in one ? one.issues : []))
  if (issues.length > 0) fail({ code: 'policy-invalid', issues })
  return resolvePolicy({
    repoLayers: parsed.flatMap((one) => ('layer' in one ? [one.layer] : [])),
    home: facts.home,
    project: project.root,
    own: Object.values(dirs),
    approvals: noApprovals,
  })
}
