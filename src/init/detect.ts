import { maskedInHistory } from '../git/history.ts'
import { findExecutable } from '../host/executables.ts'
import { lstatOf, readRegular } from '../host/files.ts'
import { compileMatcher } from '../masks/patterns.ts'
import { scanTree } from '../masks/scan.ts'
import { agents } from '../policy/agents/index.ts'
import { surveyFiles } from '../session/survey.ts'
import type { Situation } from '../session/situation.ts'
import { delicate, ecosystems, envExamples, frameworks, isNamed, registryFiles } from './ecosystems.ts'
import { registryHosts } from './registries.ts'
import type { Findings, Found } from './types.ts'

/** Larger ones are no configuration. */
const LARGEST = 256 * 1024
/** Milliseconds for looking into files. */
const CONTENT_BUDGET = 5000
/** Registry files that are looked into. */
const MOST = 50

const telling = [
  ...ecosystems.flatMap(({ names }) => names),
  ...frameworks.flatMap(({ names }) => names),
  ...registryFiles,
]

const interesting = new RegExp(
  `^(?:${telling.map((name) => name.replaceAll('.', '\\.').replace('*', '.*')).join('|')})$`,
  's',
)

/** Looks at names, and into a few small files that name registries. Follows no link and runs nothing of the project. */
export async function detect(situation: Situation): Promise<Findings> {
  const { project, env } = situation
  const { root } = project
  const { entries } = scanTree([root], { interesting })
  const files = entries
    .filter(({ kind }) => kind === 'file')
    .map(({ path, name }) => ({ path, name, from: path.slice(root.length + 1) }))
    // What is nearest the top speaks for the project.
    .toSorted((a, b) => depth(a.from) - depth(b.from))
  const first = (names: readonly string[]): string | undefined =>
    files.find(({ name }) => isNamed(name, names))?.from
  return {
    agents: agents
      .filter(({ commands }) => commands.some((name) => isInstalled(name, env)))
      .map(({ name }) => name),
    presets: ecosystems.flatMap(({ names, preset }) => {
      const from = first(names)
      return from === undefined ? [] : [{ value: preset, from }]
    }),
    hosts: hostsIn(files.filter(({ name }) => registryFiles.includes(name)).slice(0, MOST)),
    frameworks: frameworks.flatMap(({ names, name, port }) => {
      const from = first(names)
      return from === undefined ? [] : [{ name, port, from }]
    }),
    ...(await secretsIn(situation)),
    example: exampleIn(root),
    delicate: delicate.filter((name) => lstatOf(`${root}/${name}`)?.isDirectory() === true),
    repository: project.repository !== undefined,
  }
}

const depth = (path: string): number => path.split('/').length

function isInstalled(name: string, env: NodeJS.ProcessEnv): boolean {
  try {
    findExecutable(
      name,
      (env['PATH'] ?? '')
        .split(':')
        .filter((dir) => dir.startsWith('/'))
        .join(':'),
      '/',
    )
    return true
  } catch {
    return false
  }
}

function hostsIn(files: readonly { path: string; from: string }[]): Found[] {
  const hosts = new Map<string, string>()
  for (const { path, from } of files) {
    const text = readRegular(path, LARGEST)?.toString('utf8') ?? ''
    for (const host of registryHosts(text)) if (!hosts.has(host)) hosts.set(host, from)
  }
  return [...hosts].map(([value, from]) => ({ value, from }))
}

/** By their names, by their content, and in git. */
async function secretsIn(situation: Situation): Promise<Pick<Findings, 'secrets' | 'inGit' | 'unmasked'>> {
  const { policy, project } = situation
  const { root, repository } = project
  const present = surveyFiles(situation).masks.map(({ path }) => path)
  // Its own bundle: a megabyte of rules.
  const { unmasked } = await import('../session/detect.ts')
  const { found } = await unmasked(situation, CONTENT_BUDGET)
  const first = new Map(found.toReversed().map(({ path, line, what }) => [path, { path, line, what }]))
  const matcher = compileMatcher(policy.masks)
  const isMasked = (path: string): boolean => matcher.match(`${root}/${path}`, false) !== undefined
  const known = repository === undefined ? undefined : await maskedInHistory({ root, isMasked, present })
  return {
    secrets: present.map((path) => path.slice(root.length + 1)),
    inGit: known?.findings ?? [],
    unmasked: [...first.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  }
}

/** Only beside a `.env` that it can stand for. */
function exampleIn(root: string): string | undefined {
  if (lstatOf(`${root}/.env`)?.isFile() !== true) return undefined
  return envExamples.find((name) => lstatOf(`${root}/${name}`)?.isFile() === true)
}
