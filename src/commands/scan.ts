import { fail } from '../errors.ts'
import { exposedInHistory, exposedIn, exposedInTree, type Examined, type Exposed } from '../git/exposed.ts'
import { maskedInHistory, type HistoryReport } from '../git/history.ts'
import { verified } from '../git/repository.ts'
import { hookVariables } from '../git/safe.ts'
import { stagedFiles } from '../git/staged.ts'
import { lstatOf, realpathOf } from '../host/files.ts'
import { isWithin, parentOf } from '../host/paths.ts'
import { compileList, compileMatcher } from '../masks/patterns.ts'
import { surveyPolicy, type Situation } from '../session/situation.ts'
import { jsonText, shown } from '../ui/escape.ts'
import { table } from '../ui/table.ts'
import { whileSaying } from '../ui/waiting.ts'
import { jsonOption, type Call, type Command } from './types.ts'

export const scan: Command = {
  name: 'scan',
  usage: '[PATH]',
  summary: 'Look for credentials in files that no mask covers, or in git',
  options: {
    staged: { type: 'boolean', about: 'what the next commit would bring, as the pre-commit hook does' },
    history: { type: 'boolean', about: 'masked names and credentials that git has, stashes included' },
    json: jsonOption,
  },
  examples: [
    'agentbox scan',
    'agentbox scan src/',
    'agentbox scan --staged',
    'agentbox scan --history --json',
  ],
  run: runScan,
}

/** That of everything that could not be done: nothing was found, and there may be something. */
const INCOMPLETE = 125

interface Result {
  masked: { path: string; where: string[]; commits: string[] }[]
  credentials: Exposed[]
  files: number
  left: number
  complete: boolean
}

async function runScan({ env, values, positionals, out, talk }: Call): Promise<number> {
  if (positionals.length > 1 || (values['staged'] === true && values['history'] === true)) {
    fail({ code: 'usage', text: 'scan takes one PATH, --staged or --history', command: 'scan' })
  }
  const situation = await surveyPolicy(env)
  const result = await whileSaying('looking …', talk, () =>
    values['staged'] === true
      ? staged(situation)
      : values['history'] === true
        ? history(situation)
        : tree(situation, positionals[0]),
  )
  if (values['json'] === true) out(`${jsonText({ version: 1, ...result }, 2)}\n`)
  else show(result, out)
  const { length } = [...result.masked, ...result.credentials]
  if (values['json'] !== true) talk(`${summary(result, length)}\n`)
  if (length > 0) return 1
  return result.complete ? 0 : INCOMPLETE
}

async function tree(situation: Situation, asked: string | undefined): Promise<Result> {
  const path = realpathOf(asked === undefined ? situation.project.root : absolute(asked, situation.cwd))
  if (path === undefined || !isWithin(path, situation.project.root)) {
    return fail({ code: 'usage', text: `scan: ${asked ?? ''} is not in the project`, command: 'scan' })
  }
  const isFile = lstatOf(path)?.isDirectory() === false
  const root = isFile ? parentOf(path) : path
  const only = isFile ? path.slice(root.length + 1) : undefined
  const skips = skipsOf(situation, root)
  const examined = await exposedInTree(root, { skips, only })
  const prefix = root === situation.project.root ? '' : `${root.slice(situation.project.root.length + 1)}/`
  const found = examined.found.map((one) => ({ ...one, path: `${prefix}${one.path}` }))
  return { ...resultOf({ ...examined, found }), masked: [], complete: true }
}

async function staged(situation: Situation): Promise<Result> {
  const root = repositoryRoot(situation)
  const skips = skipsOf(situation, root)
  const where = { cwd: root, env: hookVariables(situation.env) }
  const files = await stagedFiles(where)
  if (files === undefined)
    return fail({ code: 'io', action: 'read', path: root, reason: 'git cannot tell what is staged' })
  const masked = files
    .filter(({ path }) => isMasked(situation, `${root}/${path}`))
    .map(({ path }) => ({ path, where: ['staged'], commits: [] }))
  return { ...resultOf(await exposedIn(where, files, { skips })), masked, complete: true }
}

async function history(situation: Situation): Promise<Result> {
  const root = repositoryRoot(situation)
  const masks = (path: string): boolean => isMasked(situation, `${root}/${path}`)
  const skips = skipsOf(situation, root)
  const report: HistoryReport = await maskedInHistory({ root, isMasked: masks, limit: 600_000 })
  const masked = report.findings.map(({ path, places, commits }) => ({ path, where: places, commits }))
  const examined = await exposedInHistory(root, { skips })
  return { ...resultOf(examined), masked, complete: report.complete && examined.complete }
}

function resultOf({ found, files, left }: Examined): Pick<Result, 'credentials' | 'files' | 'left'> {
  return { credentials: found, files, left }
}

/** What is masked is a finding by its name, or none; what the policy excepts is none. */
function skipsOf(situation: Situation, root: string): (path: string) => boolean {
  const excepted = compileList(situation.policy.scan.except)
  return (path) => isMasked(situation, `${root}/${path}`) || excepted(`${root}/${path}`)
}

function isMasked({ policy }: Situation, path: string): boolean {
  return matcherOf(policy.masks).match(path, false) !== undefined
}

const matchers = new WeakMap<object, ReturnType<typeof compileMatcher>>()

/** One for each policy: compiling it takes longer than asking it. */
function matcherOf(masks: Situation['policy']['masks']): ReturnType<typeof compileMatcher> {
  const made = matchers.get(masks) ?? compileMatcher(masks)
  matchers.set(masks, made)
  return made
}

function repositoryRoot({ project }: Situation): string {
  const repository = verified(project.repository)
  if (repository !== undefined && repository.kind !== 'bare') return repository.workTree
  return fail({ code: 'usage', text: 'scan: there is no git work tree here', command: 'scan' })
}

function absolute(path: string, cwd: string): string {
  return path.startsWith('/') ? path : `${cwd}/${path}`
}

function show({ masked, credentials }: Result, out: Call['out']): void {
  const secrets = masked.map(({ path, where, commits }) => [
    shown(path),
    'masked name',
    `${where.join(', ')}${commits.length === 0 ? '' : ` ${commits.map((one) => one.slice(0, 10)).join(' ')}`}`,
  ])
  const contents = credentials.map(({ path, line, what, rule, object }) => [
    `${shown(path)}:${line}`,
    what,
    object === undefined ? rule : `${rule}, blob ${object.slice(0, 10)}`,
  ])
  out(table([...secrets, ...contents]))
}

function summary({ files, left, complete }: Result, findings: number): string {
  const rest = left === 0 ? '' : `, ${left} not (larger than 1 MB or not there)`
  const end = complete ? '' : '; not all of history: the time was over, or objects are missing'
  const found = findings === 1 ? '1 finding' : `${findings} findings`
  return `${found} in ${files === 1 ? '1 file' : `${files} files`} looked into${rest}${end}`
}
