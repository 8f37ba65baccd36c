#!/usr/bin/env node
// npm run e2e:agents [-- --only AGENT --check NAME --write]: the real agents, in the box, against a model API on
// loopback. --write keeps the table in docs/agents.md.
import fs from 'node:fs'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { agents } from '../test/e2e/agents/agents.mjs'
import { checks, control } from '../test/e2e/agents/checks.mjs'
import { startFakeApi } from '../test/e2e/agents/fake-api.mjs'
import { keepTable, remember, remembered, table } from '../test/e2e/agents/table.mjs'
import { tui } from '../test/e2e/agents/tui.mjs'
import { makeAgentWorld } from '../test/e2e/agents/world.mjs'
import { build } from './build.mjs'
import { installAgents, layOut, users, versionOf } from './lib/agents.mjs'
import { capture, main, say, Stop, withTemporaryDir } from './lib/tools.mjs'
import { setup } from './setup.mjs'

const all = [control, ...checks, tui]

await main(async () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      check: { type: 'string', multiple: true },
      write: { type: 'boolean', default: false },
    },
  })
  const chosen = pick(agents, values.only)
  const wanted = pick(all, values.check)
  setup(['run', 'build', 'test'])
  await build()
  const bin = installAgents(chosen)
  const rows = []
  for (const user of users()) {
    for (const agent of chosen) rows.push(await tryAgent({ user, agent, bin, wanted }))
  }
  process.stdout.write(table(rows, wanted))
  remember(rows)
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
  const tls = check.network?.tls === true ? certificate(place.dir) : undefined
  const host = check.network === undefined ? '127.0.0.1' : ownAddress()
  const api = await startFakeApi({ tls, host })
  try {
    const url = `${tls === undefined ? 'http' : 'https'}://${host}:${api.port}`
    const config = `version: 1\nnetwork: {mode: allow, allow: ["${host}:${api.port}"]}\n`
    const given = check.network === undefined ? {} : { config, env: tls?.env ?? {} }
    const world = { ...makeAgentWorld(place.dir, { ...place, url, ...given }), api }
    const problems = await check.run(world)
    return { problems, output: world.output ?? '' }
  } finally {
    api.close()
  }
}

/** An address of this machine's that a box with a network of its own does not have. */
function ownAddress() {
  const all = Object.values(os.networkInterfaces()).flat()
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal)
  if (found === undefined) throw new Stop('e2e: this machine has no address but loopback')
  return found.address
}

/** A certificate for that address by an authority of our own, and the variables by which programs trust it. */
function certificate(dir) {
  const at = `${dir}-tls`
  fs.mkdirSync(at, { recursive: true })
  const openssl = (...args) => {
    const done = capture('openssl', args, { cwd: at })
    if (done.status !== 0) throw new Stop(`e2e: openssl: ${done.stderr}`)
  }
  const make = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    ...make,
    '-x509',
    '-days',
    '2',
    '-subj',
    '/CN=fake authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  )
  openssl(...make, '-subj', '/CN=fake', '-keyout', 'key.pem', '-out', 'request.pem')
  fs.writeFileSync(`${at}/names`, `subjectAltName=IP:${ownAddress()}\nbasicConstraints=CA:FALSE\n`)
  const sign = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names']
  openssl('x509', '-req', '-in', 'request.pem', ...sign, '-out', 'cert.pem')
  const authority = `${at}/ca.pem`
  fs.chmodSync(authority, 0o644)
  const env = { NODE_EXTRA_CA_CERTS: authority, SSL_CERT_FILE: authority, CODEX_CA_CERTIFICATE: authority }
  return { key: fs.readFileSync(`${at}/key.pem`), cert: fs.readFileSync(`${at}/cert.pem`), env }
}

function told({ user, agent, check }, { problems, reason, output }) {
  const mark = reason !== undefined ? '–' : problems.length === 0 ? '✓' : '✗'
  const what = reason ?? (problems.join('; ') || 'ok')
  say(`${mark} ${agent.name.padEnd(8)} as ${user.name.padEnd(6)} ${check.name.padEnd(11)} ${what}`)
  if (problems !== undefined && problems.length > 0) say(output.slice(-3000))
}
