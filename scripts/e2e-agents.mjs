#!/usr/bin/env node
// npm run e2e:agents [-- --only AGENT --as root|user --check NAME --write]: the real agents, in the box, against a model
// API on loopback. --write keeps the table in docs/agents.md.
import fs from 'node:fs'
import { agents } from '../test/e2e/agents/agents.mjs'
import { checks, control } from '../test/e2e/agents/checks.mjs'
import { surroundings } from '../test/e2e/agents/surroundings.mjs'
import { keepTable, remember, remembered, table } from '../test/e2e/agents/table.mjs'
import { tui } from '../test/e2e/agents/tui.mjs'
import { makeAgentWorld } from '../test/e2e/agents/world.mjs'
import { build } from './build.mjs'
import { installAgents, layOut, users, versionOf } from './lib/agents.mjs'
import { given, main, say, Stop, withTemporaryDir } from './lib/tools.mjs'
import { setup } from './setup.mjs'

const all = [control, ...checks, tui]

await main(async () => {
  const { values } = given(
    'npm run e2e:agents [-- --only AGENT --as root|user --check NAME --write]; each may be given again',
    {
      only: { type: 'string', multiple: true },
      check: { type: 'string', multiple: true },
      as: { type: 'string', multiple: true },
      write: { type: 'boolean', default: false },
    },
  )
  const chosen = pick(agents, values.only)
  const wanted = pick(all, values.check)
  setup(['run', 'build', 'test'])
  await build()
  const bin = installAgents(chosen)
  const rows = []
  for (const user of pick(users(), values.as)) {
    for (const agent of chosen) {
      rows.push(await tryAgent({ user, agent, bin, wanted }))
      // At once: all of it takes long, and may be ended.
      remember(rows.slice(-1))
    }
  }
  process.stdout.write(table(rows, wanted))
  if (values.write) keepTable(table(remembered(agents), all))
  return rows.every(({ outcomes }) => outcomes.every(({ problems = [] }) => problems.length === 0)) ? 0 : 1
})

function pick(list, names) {
  const unknown = (names ?? []).filter((name) => !list.some((one) => one.name === name))
  if (unknown.length > 0)
    throw new Stop(`e2e: no ${unknown.join()}; ${list.map(({ name }) => name).join(', ')}`)
  return list.filter(({ name }) => names === undefined || names.includes(name))
}

/** All checks of one agent, each in a home of its own. */
async function tryAgent({ user, agent, bin, wanted }) {
  // Codex refuses a home below the system's temporary directory; this one is elsewhere.
  return await withTemporaryDir('agents', async (dir) => {
    fs.chmodSync(dir, 0o755)
    const outcomes = []
    for (const check of wanted) {
      const reason = check.needs?.(agent, user)
      const place = { agent, user, layOut, bin, dir: `${dir}/${outcomes.length}` }
      const outcome = reason === undefined ? await tryOne(check, place) : { reason }
      outcomes.push({ check: check.name, ...outcome })
      told({ user, agent, check }, outcome)
    }
    return { agent: agent.name, version: versionOf(agent), user: user.name, outcomes }
  })
}

async function tryOne(check, place) {
  fs.mkdirSync(place.dir, { recursive: true })
  const around = await surroundings(check, place)
  try {
    const world = { ...makeAgentWorld(place.dir, { ...place, ...around }), api: around.api }
    const problems = await check.run(world)
    return { problems, output: world.output ?? '' }
  } finally {
    around.close()
  }
}

function told({ user, agent, check }, { problems, reason, output }) {
  const mark = reason !== undefined ? '–' : problems.length === 0 ? '✓' : '✗'
  const what = reason ?? (problems.join('; ') || 'ok')
  say(`${mark} ${agent.name.padEnd(8)} as ${user.name.padEnd(6)} ${check.name.padEnd(11)} ${what}`)
  if (problems !== undefined && problems.length > 0) say(output.slice(-3000))
}
