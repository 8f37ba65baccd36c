// Masks in a running box: how long a new secret can be read, by whom, and what watching costs.
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inBox, textOf, watches, watchesOf } from '../live/box.mjs'
import { latencies, races } from '../live/races.mjs'
import { makeFiles } from '../trees.mjs'

/** What the facts of a watcher in Node allow: milliseconds, and secrets read of all that were made. */
const aims = { p50: 1, p99: 15, busy: 0.7, often: 0.23, ready: 1000, memory: 100 }
/** Two rounds of the same differ by as much. */
const NOISE = 0.02
/** Watches beside the one of each directory: the hand's own, at most 32, and those of the policy's directories. */
const MORE = 40

export const live = {
  name: 'live',
  async rows(world) {
    const project = path.join(world.dir, 'live')
    fs.mkdirSync(project)
    const rows = []
    rows.push(...latencyRows('saved secret', await latencies(world, project, 'saved')))
    rows.push(...latencyRows('in a new directory', await latencies(world, project, 'fresh')))
    const { busy, often } = await races(world, project)
    rows.push(...raceRows('each ms', often, aims.often), ...raceRows('by a busy loop', busy, aims.busy))
    for (const count of [5000, 20_000]) rows.push(...(await watching(world, count)))
    return rows
  },
}

function latencyRows(what, took) {
  const at = (part) => took[Math.min(took.length - 1, Math.floor(took.length * part))]
  const row = (name, value, aim) => ({
    ...{ text: `${what}, masked, ${name}`, value, unit: 'ms', digits: 2 },
    ...{ aim: `≤ ${aim} ms`, ok: value <= aim },
  })
  return [row('p50', at(0.5), aims.p50), row('p99', at(0.99), aims.p99)]
}

/** Where even a watcher that does nothing else does not reach the aim, its figure is the aim. */
function raceRows(who, { saved, fresh, least }, aim) {
  const limit = Math.max(aim, least + NOISE)
  const percent = (text, part, more = {}) => ({ text, value: part * 100, unit: '%', digits: 0, ...more })
  return [
    percent(`saved secrets read ${who}`, saved, {
      aim: `≤ ${(limit * 100).toFixed(0)} %`,
      ok: saved <= limit,
    }),
    percent(`… in new directories`, fresh),
    percent(`… the least possible, in C`, least),
  ]
}

async function watching(world, count) {
  const project = path.join(world.dir, `watched-${count}`)
  makeFiles(project, count, 1)
  const all = directoriesIn(project)
  const began = performance.now()
  return inBox(world, project, ['sh', '-c', 'echo up; exec sleep 600'], async ({ pid }) => {
    const start = performance.now()
    while (watchesOf(pid) < all && performance.now() - began < 60_000) await delay(10)
    const ready = performance.now() - start
    await delay(1000)
    const [memory, before] = [rss(pid), ticks(pid)]
    await delay(3000)
    const cpu = ((ticks(pid) - before) / 100 / 3) * 100
    const each = watches(pid) / all
    const aim = (text, ok) => (count === 5000 ? { aim: text, ok } : {})
    const what = count.toLocaleString('en')
    const row = (text, value, unit, digits, more) => ({ text, value, unit, digits, ...more })
    return [
      row(`${what} directories, watched after`, ready, 'ms', 0, aim('≤ 1 s', ready <= aims.ready)),
      row(`${what}: supervisor's memory`, memory, 'MB', 0, aim('≤ 100 MB', memory <= aims.memory)),
      row(`${what}: watches a directory`, each, '', 2, aim('≤ 1', each * all - MORE <= all)),
      row(`${what}: processor, idle`, cpu, '%', 1, aim('≈ 0', cpu < 1)),
    ]
  })
}

function directoriesIn(dir) {
  const below = fs.readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return below.reduce((sum, { name }) => sum + directoriesIn(path.join(dir, name)), 1)
}

const rss = (pid) => Number(/VmRSS:\s*(\d+)/.exec(textOf(`/proc/${pid}/status`))?.[1]) / 1024

const ticks = (pid) => {
  const fields = textOf(`/proc/${pid}/stat`).split(') ')[1].split(' ')
  return Number(fields[11]) + Number(fields[12])
}
