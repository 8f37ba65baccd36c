import { trackedFiles } from '../git/tracked.ts'
import { compareStored, storedPath } from '../masks/stored.ts'
import { surveySituation } from '../session/situation.ts'
import { surveyFiles } from '../session/survey.ts'
import type { Mask } from '../masks/types.ts'
import { jsonText, shown } from '../ui/escape.ts'
import { table } from '../ui/table.ts'
import { jsonOption, type Call, type Command } from './types.ts'

export const masks: Command = {
  name: 'masks',
  usage: '',
  summary: 'List the files that the box masks, and by which rule',
  options: { json: jsonOption },
  examples: ['agentbox masks', 'agentbox masks --json'],
  run: listMasks,
}

async function listMasks({ env, values, out, talk }: Call): Promise<number> {
  const situation = await surveySituation(env)
  const { masks: list, warnings } = surveyFiles(situation)
  const { root, repository } = situation.project
  for (const warning of warnings) talk(`agentbox  ${shown(warning)}\n`)
  const files = list.map(({ path }) => path)
  const tracked = repository === undefined ? new Set<string>() : await trackedFiles(root, files)
  if (values['json'] === true) {
    const masks = list.map((mask) => ({ ...mask, tracked: tracked?.has(mask.path) ?? null }))
    // The list that sessions, `agentbox watch` and the git hooks keep for other tools.
    const { state } = situation.dirs
    const stored = { path: storedPath(state, root), ...compareStored(state, root, list) }
    out(`${jsonText({ version: 1, project: root, masks, stored }, 2)}\n`)
    return 0
  }
  out(table(list.map((mask) => [relative(mask.path, root), lookText(mask), ruleText(mask)])))
  for (const line of notes(list, tracked, root)) talk(`${line}\n`)
  return 0
}

function notes(list: readonly Mask[], tracked: Set<string> | undefined, root: string): string[] {
  if (list.length === 0) return [`nothing to mask in ${shown(root)}`]
  if (tracked === undefined) return ['git could not tell which of these are in its history']
  return [...tracked].map(
    (path) => `${relative(path, root)} is tracked by git: what was committed can be read from the history`,
  )
}

function relative(path: string, root: string): string {
  return shown(path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path)
}

function lookText({ look }: Mask): string {
  switch (look.kind) {
    case 'empty':
      return 'reads as empty'
    case 'keys':
      return 'names without values'
    case 'deny':
      return 'cannot be opened'
    case 'directory':
      return 'empty directory'
    case 'substitute':
      return `reads as ${shown(look.source)}`
  }
}

function ruleText({ reason }: Mask): string {
  const { pattern, origin, by, via } = reason
  const place =
    origin.file === undefined
      ? 'built in'
      : `${origin.file}${origin.line === undefined ? '' : `:${origin.line}`}`
  return shown(`${pattern} (${place})${linkText(by, via)}`)
}

function linkText(by: Mask['reason']['by'], via: string | undefined): string {
  switch (by) {
    case 'hard-link':
      return `, the same file as ${via}`
    case 'symlink-target':
      return `, pointed to by ${via}`
    case 'unreadable':
      return ', since the agent could make it readable'
    case 'name':
    case 'substitute':
    case 'hidden':
      return ''
  }
}
