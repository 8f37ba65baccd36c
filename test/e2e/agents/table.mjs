// The table of agents and checks, and its place in the documents.
import fs from 'node:fs'
import path from 'node:path'
import { versionOf } from '../../../scripts/lib/agents.mjs'
import { cacheDir, root, say, Stop } from '../../../scripts/lib/tools.mjs'

const file = path.join(root, 'docs/agents.md')
const [begin, end] = ['<!-- agents -->\n', '<!-- /agents -->\n']

/** Markdown; `✓` holds, `✗` fails, `–` does not apply. */
export function table(rows, checks) {
  const head = ['agent', 'as', ...checks.map(({ name }) => name)]
  const lines = rows.map(({ agent, version, user, outcomes }) => [
    `${agent} ${version}`,
    user,
    ...checks.map(({ name }) => mark(outcomeOf(outcomes, name))),
  ])
  const widths = head.map((_, at) => Math.max(...[head, ...lines].map((line) => line[at].length)))
  const row = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |\n`
  return row(head) + row(widths.map((width) => '-'.repeat(width))) + lines.map(row).join('')
}

const outcomeOf = (outcomes, name) =>
  Array.isArray(outcomes) ? outcomes.find(({ check }) => check === name) : outcomes[name]

function mark(outcome) {
  if (outcome === undefined) return 'not run'
  const { reason, problems } = outcome
  if (reason !== undefined) return '–'
  return problems.length === 0 ? '✓' : '✗'
}

/** Outcomes of the last run of each check, since a run of all of them takes long. By agent, version and user. */
const results = () => path.join(cacheDir('agents-results'), 'results.json')

const known = () => (fs.existsSync(results()) ? JSON.parse(fs.readFileSync(results(), 'utf8')) : {})

export function remember(rows) {
  const all = known()
  for (const { agent, version, user, outcomes } of rows) {
    const key = `${agent} ${version} ${user}`
    all[key] ??= {}
    for (const { check, problems, reason } of outcomes) all[key][check] = { problems, reason }
  }
  fs.writeFileSync(results(), JSON.stringify(all, null, 2))
}

/** Rows as of one run, of these versions; a check that was not run is undefined. */
export function remembered(agents) {
  const all = known()
  return ['root', 'user'].flatMap((user) =>
    agents.map((agent) => {
      const [{ name }, version] = [agent, versionOf(agent)]
      return { agent: name, version, user, outcomes: all[`${name} ${version} ${user}`] ?? {} }
    }),
  )
}

export function keepTable(text) {
  const page = fs.readFileSync(file, 'utf8')
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Stop(`e2e: no place for the table in ${file}`)
  fs.writeFileSync(file, `${page.slice(0, from)}${begin}\n${text}\n${page.slice(to)}`)
  say(`e2e: written to ${file}`)
}
