import { checkText } from '../config/text.ts'
import { literalPattern } from '../masks/patterns.ts'
import { shown } from '../ui/escape.ts'
import { placesText } from '../ui/wording/history.ts'
import type { Choices, Findings, Found } from './types.ts'

/** Secrets that are named one by one. */
const MOST = 12

/** The policy's text: YAML with comments that say what there is to decide. Pure. */
export function renderPolicy(findings: Findings, choices: Choices): string {
  return [
    head(findings),
    filesystem(findings, choices),
    secretsFound(findings) + masks(findings, choices),
    network(findings, choices),
    environment,
    assertions(findings),
  ].join('\n')
}

function head({ agents }: Findings): string {
  const found = agents.length === 0 ? '' : ` On this machine: ${agents.join(', ')}.`
  return `# .agentboxrc: what coding agents may do in this repository. Commit it.
# Without another word the project is writable, secrets are masked, the rest of
# your home is not there. Every key: docs/policy.md, agentbox schema. The box that
# comes of it: agentbox status.
#
# restriction: applies at once, for everybody
# grant:       applies after agentbox allow, for each user
version: 1

# Every agent that agentbox knows is boxed here.${found}
# agents: [claude, codex]
`
}

/** A line of a section; one that is off is there as a comment, to be turned on. */
interface Row {
  text: string
  note: string
  on: boolean
}

/** A section without a line that is on is a comment as a whole: YAML would take it for null. */
function section(name: string, rows: readonly Row[]): string {
  const active = rows.some(({ on }) => on)
  const lines = rows.map(({ text, note, on }) => {
    const mark = active ? (on ? '  ' : '  # ') : '#   '
    return note === '' ? `${mark}${text}` : `${`${mark}${text}`.padEnd(34)} # ${note}`
  })
  return `${active ? '' : '# '}${name}:\n${lines.join('\n')}\n`
}

const off = (text: string, note: string): Row => ({ text, note, on: false })

function filesystem({ delicate }: Findings, { readonly }: Choices): string {
  const parts = readonly.length > 0 ? readonly : delicate.length > 0 ? delicate : ['docs']
  return section('filesystem', [
    {
      text: `readonly: [${list(parts)}]`,
      note: 'restriction: agents cannot change it',
      on: readonly.length > 0,
    },
    off('hide: [infra/prod]', 'restriction: agents see it empty'),
    off('read: [~/reference-docs]', 'grant: more to read'),
  ])
}

function secretsFound({ secrets, inGit }: Findings): string {
  const none = '# No file here has the name of a secret. One that appears is masked in the running box.'
  const named = secrets.slice(0, MOST).map((path) => `#   ${shown(path, 90)}`)
  const lines = secrets.length === 0 ? [none] : ['# Masked now, by their names:', ...named]
  return `${[...lines, ...rest(secrets.length, 'agentbox masks'), ...known(inGit)].join('\n')}\n`
}

function known(inGit: Findings['inGit']): string[] {
  if (inGit.length === 0) return []
  return [
    '# Masked names that git has: no mask hides what is in .git. Change these secrets, and take them out:',
    ...inGit.slice(0, MOST).map((one) => `#   ${shown(one.path, 60)}   ${placesText(one)}`),
    ...rest(inGit.length, 'agentbox scan --history'),
    '#   how: agentbox doctor history',
  ]
}

function rest(count: number, command: string): string[] {
  return count > MOST ? [`#   and ${count - MOST} more: ${command}`] : []
}

function masks({ example, unmasked }: Findings, { substitute, patterns }: Choices): string {
  const wanted = unmasked.filter(({ path }) => patterns.includes(path) && checkText(path) === undefined)
  const names = wanted.map(({ path, line, what }): Row => {
    return { text: `  - ${JSON.stringify(literalPattern(path))}`, note: `line ${line}: ${what}`, on: true }
  })
  return section('masks', [
    {
      text: `substitute: {.env: ${scalar(substitute ?? example ?? '.env.agent')}}`,
      note: 'agents see the second in place of the first',
      on: substitute !== undefined,
    },
    ...(names.length === 0
      ? [off('patterns: ["*.tfvars"]', 'restriction: more names')]
      : [{ text: 'patterns:', note: 'restriction: by what is in them', on: true }, ...names]),
    off('except: ["/.env.test"]', 'grant: shown although its name is masked'),
    off('show: keys', 'grant: names stay, values go'),
  ])
}

function network({ hosts, frameworks }: Findings, { mode, allow }: Choices): string {
  if (mode === 'none')
    return section('network', [
      { text: 'mode: none', note: "restriction: not even the agent's own hosts", on: true },
    ])
  const taken = new Set(allow.map(({ value }) => value))
  const others = hosts.filter(({ value }) => !taken.has(value))
  const entries = [
    ...allow.map((one) => ({ ...one, on: true })),
    ...others.map((one) => ({ ...one, on: false })),
  ]
  const row = ({ value, from, on }: Found & { on: boolean }): Row => ({
    text: `  - ${scalar(value)}`,
    note: shown(from, 60),
    on,
  })
  const port = frameworks[0]
  return section('network', [
    { text: 'mode: allow', note: "only what is listed, and the agent's own hosts", on: true },
    ...(entries.length === 0
      ? [off('allow: ["@npm", api.example.com]', 'grant; the presets: docs/network.md')]
      : [{ text: 'allow:', note: 'each is a grant', on: allow.length > 0 }, ...entries.map(row)]),
    ...(port === undefined
      ? []
      : [off(`expose: [${port.port}]`, `grant: your browser reaches the server of ${port.name}`)]),
  ])
}

const environment = `# Only harmless variables come in; others by their names.
${section('env', [off('pass: [CI]', 'grant: with your value')])}`

/** What `agentbox verify` holds the box to; in CI it keeps a later edit from opening what is closed now. */
function assertions({ secrets, repository }: Findings): string {
  const closed = secrets.filter(isPlain).slice(0, MOST)
  const parts = [...(repository ? ['.git/hooks'] : []), '.agentboxrc']
  return `# Put to the test from inside by: agentbox verify (in CI: --junit FILE)
verify:
  unreadable: [${list([...closed, '~/.ssh'])}]
  unwritable: [${list(parts)}]
`
}

/** A name that means itself in a policy: others are masked all the same, and only not asserted. */
function isPlain(path: string): boolean {
  return checkText(path) === undefined && !/[*?[\]\\$~%{}]|^[\s/]|\s$/.test(path)
}

const list = (values: readonly string[]): string => values.map(scalar).join(', ')

/** YAML takes it for this very string. */
function scalar(text: string): string {
  const plain = /^[A-Za-z/~][A-Za-z0-9._/-]*$|^\.[A-Za-z][A-Za-z0-9._/-]*$/.test(text)
  return plain && !/^(?:true|false|null|yes|no|on|off|y|n|~)$/i.test(text) ? text : JSON.stringify(text)
}
