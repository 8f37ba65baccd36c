#!/usr/bin/env node
// npm run bench [-- --runs N --json]: what agentbox costs, side by side with what it is made of.
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { build } from '../scripts/build.mjs'
import { setup } from '../scripts/setup.mjs'
import { capture, main, say, Stop, withTemporaryDir } from '../scripts/lib/tools.mjs'
import { buildTools, newerNode } from './tools.mjs'
import { interleaved } from './measure.mjs'
import { cases, judge } from './cases.mjs'
import { makeFiles, makeRepository, makeShims } from './trees.mjs'
import { render } from './render.mjs'

await main(async () => {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '15' }, json: { type: 'boolean', default: false } },
  })
  const runs = Number(values.runs)
  if (!Number.isInteger(runs) || runs < 1) throw new Stop('usage: npm run bench [-- --runs N --json]')
  setup(['run', 'build'])
  await build()
  return await withTemporaryDir('bench', async (dir) => {
    const report = await bench(dir, runs)
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : render(report))
    return report.rows.every(({ ok }) => ok !== false) ? 0 : 1
  })
})

async function bench(dir, runs) {
  say('bench: making a repository of 5,000 files and a tree of 50,000 …')
  const world = {
    dir,
    home: path.join(dir, 'home'),
    repository: makeRepository(path.join(dir, 'home/project')),
    tree: makeFiles(path.join(dir, 'tree'), 5000, 10),
    shims: makeShims(dir),
    tools: await buildTools(dir),
    nodes: process.versions.node.startsWith('24.') ? [process.execPath] : [process.execPath, newerNode()],
  }
  const all = cases(world)
  say(`bench: ${all.length} programs, ${runs} runs of each in turn, after one to warm up …`)
  const results = interleaved(all, runs, world.tools.measure)
  return { version: 1, machine: machine(), runs, rows: judge(world, results) }
}

function machine() {
  const bwrap = capture('bwrap', ['--version']).stdout.trim()
  return { kernel: os.release(), cores: os.cpus().length, bwrap, node: process.version }
}
