// The table of agents and checks, and its place in the documents.
import fs from 'node:fs'
import path from 'node:path'
import { root, say, Stop } from '../../../scripts/lib/tools.mjs'

const file = path.join(root, 'docs/agents.md')
const [begin, end] = ['<!-- agents -->\n', '<!-- /agents -->\n']

/** Markdown; `✓` holds, `✗` fails, `–` does not apply. */
export function table(rows, checks) {
  const head = ['agent', 'as', ...checks.map(({ name }) => name)]
  const lines = rows.map(({ agent, version, user, outcomes }) => [
    `${agent} ${version}`,
    user,
    ...outcomes.map(mark),
  ])
  const widths = head.map((_, at) => Math.max(...[head, ...lines].map((line) => line[at].length)))
  const row = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |\n`
  return row(head) + row(widths.map((width) => '-'.repeat(width))) + lines.map(row).join('')
}

function mark({ reason, problems }) {
  if (reason !== undefined) return '–'
  return problems.length === 0 ? '✓' : '✗'
}

export function keepTable(text) {
  const page = fs.readFileSync(file, 'utf8')
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Stop(`e2e: no place for the table in ${file}`)
  fs.writeFileSync(file, `${page.slice(0, from)}${begin}\n${text}\n${page.slice(to)}`)
  say(`e2e: written to ${file}`)
}
