#!/usr/bin/env node
// npm run demo: a box in a throw-away repository, and a report of what was measured in it.
import path from 'node:path'
import { setup } from './setup.mjs'
import { build, helperIsStale } from './build.mjs'
import { render } from './demo/report.mjs'
import { afterwards, insideRows } from './demo/rows.mjs'
import { makeWorld } from './lib/world.mjs'
import { capture, given, main, root, say, Stop, withTemporaryDir } from './lib/tools.mjs'

await main(async () => {
  given('npm run demo')
  setup(helperIsStale() ? ['run', 'build'] : ['run'])
  await build()
  return await withTemporaryDir('demo', (dir) => {
    const world = makeWorld(dir)
    const inside = measureInside(world, insideRows(world))
    const rows = [...inside, ...afterwards(world)]
    process.stdout.write(render(rows, world, process.stdout.isTTY && !process.env.NO_COLOR))
    return rows.every(({ ok }) => ok) ? 0 : 1
  })
})

/** One box, one shell script: each row's command runs in it, and its output and status come back. */
function measureInside(world, rows) {
  const mark = world.secret('mark')
  const script = rows.map(({ command }) => `(${command}\n) </dev/null 2>&1; echo "${mark}$?"`).join('\n')
  const agentbox = [process.execPath, path.join(root, 'dist/agentbox.cjs')]
  const args = [...agentbox.slice(1), 'run', '--', 'sh', '-c', script]
  const done = capture(agentbox[0], args, { cwd: world.repository, env: world.env, timeout: 60_000 })
  const parts = done.stdout.split(new RegExp(`${mark}(\\d+)\\n`))
  if (parts.length !== rows.length * 2 + 1) {
    say(done.stderr)
    throw new Stop(`demo: the box did not run to its end (status ${done.status})`)
  }
  return rows.map((row, i) => {
    const result = { out: parts[i * 2].trim(), status: Number(parts[i * 2 + 1]) }
    const leaked = world.secrets.some((secret) => result.out.includes(secret))
    return { ...row, ok: !leaked && row.expect(result), shown: leaked ? 'LEAKED' : row.show(result) }
  })
}
