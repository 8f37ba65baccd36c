#!/usr/bin/env node
// npm run comparison [-- --only NAME --write]: the catalogue of test/containment inside agentbox and its peers, all with
// the network closed, as an ordinary user. --write keeps the table in docs/comparison.md.
import fs from 'node:fs'
import path from 'node:path'
import { contenders } from '../test/containment/peers.mjs'
import { build } from './build.mjs'
import { containmentCommand } from './containment.mjs'
import { capture, given, main, root, say, Stop, withTemporaryDir } from './lib/tools.mjs'
import { setup } from './setup.mjs'

const page = path.join(root, 'docs/comparison.md')
const [begin, end] = ['<!-- comparison -->\n', '<!-- /comparison -->\n']

await main(async () => {
  const { values } = given('npm run comparison [-- --only NAME --write]', {
    only: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  })
  setup(['run', 'build', 'test'])
  await build()
  return await withTemporaryDir('comparison', async (dir) => {
    const results = []
    for (const peer of contenders(dir)) {
      if (values.only !== undefined && !values.only.includes(peer.name)) continue
      say(`comparison: ${peer.name} …`)
      results.push({ ...peer, threats: await examine(dir, peer) })
    }
    const text = table(results)
    process.stdout.write(text)
    if (values.write) keep(text)
    const own = results.find(({ name }) => name === 'agentbox')
    return own === undefined || own.threats.every(({ failed }) => failed.length === 0) ? 0 : 1
  })
})

async function examine(dir, { command, options = {}, around = [] }) {
  const [program, rest] = await containmentCommand(dir, { as: 'user', json: true, with: command, ...options })
  const [first, ...others] = [...around, program, ...rest]
  const { status, stdout, stderr } = capture(first, others)
  try {
    return JSON.parse(stdout).threats
  } catch {
    throw new Stop(`comparison: ${command} ended with ${status}\n${stderr}${stdout}`)
  }
}

/** How many of the probes of a threat were contained; names of those that were not are below. */
function table(results) {
  const head = ['threat', ...results.map(({ name, version }) => `${name} ${version}`)]
  const lines = results[0].threats.map(({ what, id }) => [
    what,
    ...results.map(({ threats }) => cell(threats.find((threat) => threat.id === id))),
  ])
  const row = (cells) => `| ${cells.join(' | ')} |\n`
  return row(head) + row(head.map(() => '---')) + lines.map(row).join('')
}

function cell({ passed, tried, failed }) {
  if (tried === 0) return 'not tried'
  return failed.length === 0 ? `all ${tried}` : `**${passed}** of ${tried}`
}

function keep(text) {
  const before = fs.readFileSync(page, 'utf8')
  const [from, to] = [before.indexOf(begin), before.indexOf(end)]
  if (from < 0 || to < from) throw new Stop(`comparison: no place for the table in ${page}`)
  fs.writeFileSync(page, `${before.slice(0, from)}${begin}\n${text}\n${before.slice(to)}`)
  say(`comparison: written to ${page}; npm run format`)
}
