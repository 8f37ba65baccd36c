import { readdirSync } from 'node:fs'
import { fail } from '../errors.ts'
import { agentboxDirs } from '../host/dirs.ts'
import { readHostFacts } from '../host/facts.ts'
import { lstatOf, readRegular } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import { asidePath, drop, findQuarantined, itemPath, listQuarantine } from '../protect/quarantine.ts'
import type { Quarantined } from '../protect/quarantine.ts'
import { putBack } from '../session/put-back.ts'
import { projectOf } from '../session/situation.ts'
import { finish, forget, unfinishedIn } from '../session/unfinished.ts'
import { unfinishedWords } from '../ui/wording/unfinished.ts'
import { jsonText, shown } from '../ui/escape.ts'
import { table } from '../ui/table.ts'
import { jsonOption, type Call, type Command } from './types.ts'

export const quarantine: Command = {
  name: 'quarantine',
  usage: '[list | show WHAT | restore WHAT | drop WHAT | finish | keep]',
  summary: 'Look at what agents planted that would run outside the box; put it back or drop it',
  options: {
    all: { type: 'boolean', about: 'of every project; with drop: everything' },
    json: jsonOption,
  },
  examples: [
    'agentbox quarantine',
    'agentbox quarantine show .mcp.json',
    'agentbox quarantine restore .vscode',
    'agentbox quarantine drop --all',
    'agentbox quarantine finish',
  ],
  run: runQuarantine,
}

const LARGEST_SHOWN = 16 << 10

async function runQuarantine(call: Call): Promise<number> {
  const { env, positionals, values } = call
  const [action = 'list', what, ...more] = positionals
  const { state } = agentboxDirs(env, readHostFacts(env).home)
  const all = values['all'] === true
  const dropsAll = action === 'drop' && all && what === undefined
  const takesOne = ['show', 'restore', 'drop'].includes(action) && !dropsAll
  const isKnown = ['list', 'finish', 'keep'].includes(action) || takesOne || dropsAll
  if (!isKnown || more.length > 0 || (what !== undefined) !== takesOne)
    fail({
      code: 'usage',
      text: 'one of: list, show WHAT, restore WHAT, drop WHAT, finish, keep',
      command: 'quarantine',
    })
  if (action === 'finish' || action === 'keep') return endUnfinished(state, action, call)
  const list = all ? listQuarantine(state) : here(listQuarantine(state), env)
  if (action === 'list') {
    sayUnfinished(state, call)
    return printList(list, call)
  }
  if (dropsAll) {
    for (const entry of list) drop(state, entry)
    call.talk(`${list.length} dropped\n`)
    return 0
  }
  // By its id, from everywhere.
  const entry = findQuarantined([...listQuarantine(state).filter(({ id }) => id === what), ...list], what!)
  if (entry === undefined)
    return fail({
      code: 'io',
      action: 'find',
      path: what!,
      reason: 'it is not in quarantine',
      hint: `what is: agentbox quarantine${all ? ' --all' : ', of every project: --all'}`,
    })
  if (action === 'show') return printOne(state, entry, call)
  if (action === 'restore') return restoreOne(state, entry, call)
  drop(state, entry)
  call.talk(`dropped ${shown(entry.path)}\n`)
  return 0
}

/** What sessions left that were killed. */
function endUnfinished(state: string, action: 'finish' | 'keep', { env, talk }: Call): number {
  const told = unfinishedIn(state, projectOf(env)).flatMap((one) => {
    if (action === 'finish') return finish(state, one)
    forget(one)
    return [...one.found, ...one.left].map((place) => `kept: ${place}`)
  })
  if (told.length === 0) talk('no session here has left anything undone\n')
  for (const line of told) talk(`${shown(line, 1000)}\n`)
  return 0
}

function sayUnfinished(state: string, { env, values, talk }: Call): void {
  if (values['json'] === true || values['all'] === true) return
  const project = projectOf(env)
  for (const text of unfinishedWords(unfinishedIn(state, project), project)) talk(`${shown(text, 1000)}\n`)
}

function here(list: Quarantined[], env: NodeJS.ProcessEnv): Quarantined[] {
  const project = projectOf(env)
  return list.filter(({ path, root }) => root === project || isWithin(path, project))
}

function printList(list: readonly Quarantined[], { values, out, talk }: Call): number {
  if (values['json'] === true) {
    out(`${jsonText({ version: 1, quarantined: list }, 2)}\n`)
    return 0
  }
  out(
    table(
      list.map(({ id, path, kind, runBy }) => [shown(id), shown(path), kind, `${shown(runBy)} would run it`]),
    ),
  )
  if (list.length === 0) talk('nothing is in quarantine here\n')
  return 0
}

function printOne(state: string, entry: Quarantined, { values, out }: Call): number {
  if (values['json'] === true) {
    out(`${jsonText({ ...entry, item: itemPath(state, entry) ?? null }, 2)}\n`)
    return 0
  }
  const { id, path, kind, mode, at, session, runBy, link } = entry
  const rows = [
    ['stood at', shown(path)],
    [
      'is a',
      `${kind}${link === undefined ? '' : ` to ${shown(link)}`}, mode ${mode.toString(8).padStart(4, '0')}`,
    ],
    ['run by', shown(runBy)],
    ['moved', `${new Date(at).toISOString()} in session ${shown(session)}`],
    ['kept as', shown(itemPath(state, entry) ?? asidePath(entry) ?? 'nothing: only its description')],
  ]
  out(`${shown(id)}\n${table(rows)}${contentOf(state, entry)}`)
  return 0
}

function contentOf(state: string, entry: Quarantined): string {
  const item = itemPath(state, entry)
  if (item === undefined) return ''
  if (entry.kind === 'directory') {
    const names = readdirSync(item, { recursive: true, encoding: 'utf8' }).slice(0, 200)
    return `\n${names.map((name) => `  ${shown(name)}\n`).join('')}`
  }
  const text = readRegular(item, LARGEST_SHOWN)?.toString('utf8')
  if (text === undefined) return entry.kind === 'file' ? `\n  ${lstatOf(item)?.size ?? 0} bytes\n` : ''
  return `\n${text
    .split('\n')
    .map((line) => `  ${shown(line)}\n`)
    .join('')}`
}

async function restoreOne(state: string, entry: Quarantined, { talk }: Call): Promise<number> {
  await putBack(state, entry)
  talk(`restored ${shown(entry.path)}: ${shown(entry.runBy)} runs or obeys it from now on\n`)
  return 0
}
