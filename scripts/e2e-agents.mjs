#!/usr/bin/env node
// npm run e2e:agents: the real Claude Code and Codex, in the box, against a model API on loopback.
import fs from 'node:fs'
import path from 'node:path'
import { agents, marker } from '../test/e2e/agents/agents.mjs'
import { startFakeApi } from '../test/e2e/agents/fake-api.mjs'
import { build } from './build.mjs'
import { installAgents, layOut, users } from './lib/agents.mjs'
import { captureAsync, main, say, withTemporaryDir } from './lib/tools.mjs'
import { makeWorld } from './lib/world.mjs'
import { setup } from './setup.mjs'

await main(async () => {
  setup(['run', 'build', 'test'])
  await build()
  const bin = installAgents(agents)
  const outcomes = []
  for (const user of users()) {
    for (const agent of agents) {
      for (const boxed of [false, true]) outcomes.push(await tryAgent({ user, agent, boxed, bin }))
    }
  }
  return outcomes.every((ok) => ok) ? 0 : 1
})

/**
 * One conversation in a fresh home and repository. Unboxed it must leak, or the test would prove nothing;
 * boxed it must run the tool and leak nothing.
 */
async function tryAgent({ user, agent, boxed, bin }) {
  const api = await startFakeApi()
  // Codex refuses a home below the system's temporary directory; this one is elsewhere.
  return await withTemporaryDir('agents', async (dir) => {
    const world = makeWorld(dir)
    fs.mkdirSync(path.join(world.home, '.codex'))
    const layout = layOut(dir, user, bin, agent.name)
    const env = {
      ...world.env,
      ...agent.env(api.url),
      ...(boxed ? {} : agent.bareEnv),
      PATH: boxed ? layout.shimmedPath : layout.path,
    }
    const [command, ...rest] = [...user.prefix, agent.name, ...agent.args(api.url)]
    const done = await captureAsync(command, rest, { cwd: world.repository, env, timeout: 120_000 })
    return report({ user, agent, boxed, ...judge(api.requests, world.secrets, done, boxed) }, done)
  }).finally(api.close)
}

function judge(requests, secrets, done, boxed) {
  const ran = requests.some(({ toolResults }) => toolResults.some((result) => result.includes(marker)))
  const unread = requests.filter(({ readable }) => !readable).length
  const leaked = secrets.filter((secret) => requests.some(({ text }) => text.includes(secret)))
  const problems = [
    ...(done.status === 0 ? [] : [`status ${done.status}`]),
    ...(ran ? [] : ['the tool did not run']),
    ...(unread === 0 ? [] : [`${unread} requests could not be decoded`]),
    ...(boxed && leaked.length > 0 ? [`LEAKED ${leaked.join(', ')}`] : []),
    ...(!boxed && leaked.length === 0 ? ['nothing leaked without the box: the test proves nothing'] : []),
  ]
  return { problems, leaked: leaked.length, requests: requests.length }
}

function report({ user, agent, boxed, problems, leaked, requests }, { output }) {
  const how = boxed ? 'boxed  ' : 'unboxed'
  const verdict =
    problems.length === 0 ? `ok: tool ran, ${leaked} secrets in ${requests} requests` : problems.join('; ')
  process.stdout.write(
    `${problems.length === 0 ? '✓' : '✗'} ${agent.name.padEnd(7)} ${how} as ${user.name.padEnd(7)} ${verdict}\n`,
  )
  if (problems.length > 0) say(output.slice(-4000))
  return problems.length === 0
}
