#!/usr/bin/env node
// npm run bench [-- --runs N --only PART --json --write --check]: what agentbox costs, side by side with what
// it is made of. --write keeps the table in docs/benchmarks.md, --check holds the ratios against that table.
import os from 'node:os'
import path from 'node:path'
import { build } from '../scripts/build.mjs'
import { setup } from '../scripts/setup.mjs'
import { capture, given, main, say, Stop, withTemporaryDir } from '../scripts/lib/tools.mjs'
import { parts } from './cases.mjs'
import { kept, slower, write } from './kept.mjs'
import { interleaved } from './measure.mjs'
import { buildTools, newerNode } from './tools.mjs'
import { makeFiles, makeRepository, makeShims } from './trees.mjs'
import { render } from './render.mjs'

await main(async () => {
  const options = parsed()
  const before = options.check ? kept() : undefined
  setup(['run', 'build'])
  await build()
  return await withTemporaryDir('bench', async (dir) => {
    const report = await bench(dir, options)
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : render(report))
    if (options.write) write(report)
    const worse = before === undefined ? [] : slower(before, report.rows)
    for (const line of worse) say(`bench: ${line}`)
    return worse.length === 0 && report.rows.every(({ ok }) => ok !== false) ? 0 : 1
  })
})

function parsed() {
  const flag = { type: 'boolean', default: false }
  const names = parts.map(({ name }) => name).join(' ')
  const { values } = given(
    `npm run bench [-- --runs N --only PART --json --write --check]; parts: ${names}`,
    {
      runs: { type: 'string', default: '15' },
      only: { type: 'string', multiple: true },
      json: flag,
      write: flag,
      check: flag,
    },
  )
  const runs = Number(values.runs)
  const unknown = (values.only ?? []).filter((name) => !parts.some((part) => part.name === name))
  if (!Number.isInteger(runs) || runs < 1) throw new Stop('bench: --runs takes a number from 1')
  if (unknown.length > 0) throw new Stop(`bench: no part ${unknown.join()}; there are ${names}`)
  return { ...values, runs }
}

/** `floor` is what the other parts are held against, so it is always there. */
async function bench(dir, { runs, only }) {
  const chosen = parts.filter(({ name }) => only === undefined || name === 'floor' || only.includes(name))
  say('bench: making a repository of 5,000 files and a tree of 50,000 …')
  const world = {
    dir,
    runs,
    home: path.join(dir, 'home'),
    repository: makeRepository(path.join(dir, 'home/project')),
    tree: makeFiles(path.join(dir, 'tree'), 5000, 10),
    shims: makeShims(dir),
    tools: await buildTools(dir),
    nodes: process.versions.node.startsWith('24.') ? [process.execPath] : [process.execPath, newerNode()],
  }
  const programs = chosen.flatMap((part) => part.programs?.(world) ?? [])
  say(`bench: ${programs.length} programs, ${runs} runs of each in turn, after one to warm up …`)
  const results = interleaved(programs, runs, world.tools.measure)
  const rows = []
  for (const part of chosen) rows.push(...(await part.rows(world, (name) => results.get(name))))
  return { version: 1, machine: machine(), runs, rows }
}

function machine() {
  const bwrap = capture('bwrap', ['--version']).stdout.trim()
  const cpu = os.cpus()[0]?.model.trim() ?? 'unknown processor'
  return { kernel: os.release(), cores: os.cpus().length, cpu, bwrap, node: process.version }
}
