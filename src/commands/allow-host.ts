import { readFileSync, realpathSync } from 'node:fs'
import { addToList, EMPTY_POLICY } from '../config/edit.ts'
import { hostCovers } from '../config/hosts.ts'
import { fail } from '../errors.ts'
import { fsPath } from '../host/bytes.ts'
import { lstatOf } from '../host/files.ts'
import { writeWhole } from '../host/write-whole.ts'
import { entryText, readEntry } from '../network/rules/entry.ts'
import { surveySituation, type Situation } from '../session/situation.ts'
import { shown } from '../ui/escape.ts'
import type { Call, Command } from './types.ts'

export const allowHost: Command = {
  name: 'allow-host',
  usage: 'HOST…',
  summary: 'Add hosts to what agents may reach: in this repository, or for all of yours',
  options: {
    user: { type: 'boolean', about: 'in your own configuration, for every repository' },
    repo: { type: 'boolean', about: "in this repository's policy (what happens without an option)" },
  },
  examples: ['agentbox allow-host api.example.com', 'agentbox allow-host --user @npm "*.corp.example"'],
  run: allowHosts,
}

interface Place {
  path: string
  layer: 'repo' | 'user'
  dir: string
}

async function allowHosts({ values, positionals, env, talk }: Call): Promise<number> {
  const hosts = positionals.map(checkedHost)
  if (hosts.length === 0)
    return fail({ code: 'usage', text: 'allow-host needs a host', command: 'allow-host' })
  if (values['user'] === true && values['repo'] === true)
    return fail({ code: 'usage', text: 'allow-host: --user or --repo', command: 'allow-host' })
  const situation = await surveySituation(env)
  const place = placeOf(situation, values['user'] === true)
  const known = knownAt(situation, place)
  const added = hosts.filter((host) => !known.some((wide) => hostCovers(wide, host)))
  const there = hosts.filter((host) => !added.includes(host))
  if (there.length > 0) talk(`agentbox  ${there.join(', ')}: allowed already\n`)
  if (added.length === 0) return 0
  await writeHosts(place, added)
  talk(`agentbox  ${shown(place.path)}: network.allow has ${added.join(', ')} now\n`)
  for (const line of afterwards(situation, place)) talk(`          ${line}\n`)
  return 0
}

/** What one repository is given says nothing of the others, nor what its user has of the rest of its team. */
function knownAt({ policy, loaded }: Situation, { layer }: Place): string[] {
  const own = layer === 'user' ? ['user', 'system'] : ['repo']
  const allowed = policy.network.allow.filter(({ origin }) => ['built-in', ...own].includes(origin.layer))
  const asked = layer === 'user' ? [] : loaded.pending.filter(({ kind }) => kind === 'network')
  return [...allowed, ...asked].map(({ value }) => value)
}

function checkedHost(text: string): string {
  const entry = readEntry(text)
  if (entry.kind !== 'wrong') return entryText(entry)
  return fail({ code: 'usage', text: `allow-host: "${shown(text)}" ${entry.problem}`, command: 'allow-host' })
}

/** The repository's outermost policy file, since an inner one is only for its own directory. */
function placeOf({ loaded, dirs, project }: Situation, user: boolean): Place {
  if (user) {
    const file = loaded.files.find(({ layer }) => layer === 'user')
    const path = file === undefined ? `${dirs.config}/config.yaml` : realpathSync(fsPath(file.path))
    return { path, layer: 'user', dir: dirs.config }
  }
  const file = loaded.files.find(({ layer }) => layer === 'repo')
  return { path: file?.path ?? `${project.root}/.agentboxrc`, layer: 'repo', dir: project.root }
}

async function writeHosts({ path, layer, dir }: Place, hosts: readonly string[]): Promise<void> {
  const there = lstatOf(path) !== undefined
  const bytes = there ? readFileSync(fsPath(path)) : Buffer.from(EMPTY_POLICY)
  const edit = await addToList({ layer, file: path, dir, bytes }, ['network', 'allow'], hosts)
  if (edit.kind === 'invalid') return fail({ code: 'policy-invalid', issues: edit.issues })
  writeWhole(path, edit.text)
}

function afterwards({ policy }: Situation, { layer }: Place): string[] {
  const { mode } = policy.network
  return [
    ...(mode.value === 'allow' ? [] : [`without effect while network.mode is ${mode.value}`]),
    ...(layer === 'repo' ? ['it is a grant: agentbox allow approves it for you'] : []),
    'sessions that run now keep what they have',
  ]
}
