// Masks in a running box: how long a new secret can be read, by whom, and what watching costs.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { capture, root, Stop } from '../../scripts/lib/tools.mjs'
import { makeFiles } from '../trees.mjs'

const agentbox = path.join(root, 'dist/agentbox.cjs')
const ROUNDS = 300
/** What the facts of a watcher in Node allow: milliseconds, and secrets read of all that were made. */
const aims = { p50: 1, p99: 15, busy: 0.7, often: 0.23, ready: 1000, memory: 100 }

export const live = {
  name: 'live',
  async rows(world) {
    const project = path.join(world.dir, 'live')
    fs.mkdirSync(project)
    const reader = compiled(project)
    const idle = await inBox(world, project, ['sh', '-c', 'echo up; exec sleep 600'], latencies)
    const races = []
    for (const [who, pause] of [
      ['busy', 0],
      ['often', 1000],
    ]) {
      const argv = [reader, path.join(project, '.env'), String(pause)]
      races.push(await inBox(world, project, argv, (box) => race(box, who)))
    }
    const trees = []
    for (const count of [5000, 20_000]) trees.push(...(await watching(world, count)))
    return [...latencyRows(idle), ...races, ...trees]
  },
}

function compiled(dir) {
  const file = path.join(dir, 'reader')
  const done = capture('cc', ['-O2', '-Wall', '-Wextra', '-o', file, path.join(root, 'bench/reader.c')])
  if (done.status !== 0) throw new Stop(`bench: reader.c\n${done.stderr}`)
  return file
}

/** Runs a command in a box of the project as long as `use` takes. */
async function inBox(world, project, argv, use) {
  const env = { HOME: world.home, PATH: process.env.PATH, TERM: 'dumb', NO_COLOR: '1' }
  const child = spawn(process.execPath, [agentbox, 'run', '--', ...argv], { cwd: project, env })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
  let problem = ''
  child.stderr.setEncoding('utf8').on('data', (chunk) => (problem += chunk))
  const ended = new Promise((resolve) => child.once('close', resolve))
  const began = performance.now()
  try {
    while (!text.includes('up')) {
      if (child.exitCode !== null || performance.now() - began > 20_000) throw new Stop(`bench: ${problem}`)
      await delay(5)
    }
    const inside = `/proc/${agentOf(child.pid)}/root`
    return await use({ pid: child.pid, project, inside, said: () => text })
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** The last of the box's processes. */
function agentOf(pid) {
  const children = fs
    .readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => fs.readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
    .filter(Boolean)
  return children.length === 0 ? pid : agentOf(Number(children.at(-1)))
}

/** Makes `.env` by rename, and waits until the box sees another file there. Milliseconds, in order. */
async function latencies({ project, inside }) {
  await delay(500)
  const took = []
  const file = path.join(project, '.env')
  for (let round = 0; round < ROUNDS; round++) {
    fs.writeFileSync(`${file}.new`.replace('.env', 'made'), `${round}\n`)
    fs.renameSync(`${file}.new`.replace('.env', 'made'), file)
    const { ino, dev } = fs.lstatSync(file)
    const began = performance.now()
    for (;;) {
      const seen = fs.lstatSync(inside + file, { throwIfNoEntry: false })
      if (seen !== undefined && (seen.ino !== ino || seen.dev !== dev)) break
      if (performance.now() - began > 5000) throw new Stop('bench: a secret was not masked within 5 s')
    }
    took.push(performance.now() - began)
    fs.rmSync(file)
    await delay(4)
  }
  return took.toSorted((a, b) => a - b)
}

async function race(box, who) {
  await latencies(box)
  await delay(50)
  const won = box
    .said()
    .split('\n')
    .filter((line) => /^\d+$/.test(line)).length
  const part = won / ROUNDS
  const text = who === 'busy' ? 'new secrets read by a busy loop' : 'new secrets read each ms'
  return {
    text,
    value: part * 100,
    unit: '%',
    digits: 0,
    aim: `≤ ${aims[who] * 100} %`,
    ok: part <= aims[who],
  }
}

function latencyRows(took) {
  const at = (part) => took[Math.min(took.length - 1, Math.floor(took.length * part))]
  const row = (name, value, aim) => ({
    text: `new secret to mask, ${name}`,
    value,
    unit: 'ms',
    digits: 2,
    aim: `≤ ${aim} ms`,
    ok: value <= aim,
  })
  return [row('p50', at(0.5), aims.p50), row('p99', at(0.99), aims.p99)]
}

async function watching(world, count) {
  const project = path.join(world.dir, `watched-${count}`)
  makeFiles(project, count, 1)
  const all = directoriesIn(project)
  const began = performance.now()
  return inBox(world, project, ['sh', '-c', 'echo up; exec sleep 600'], async ({ pid }) => {
    const start = performance.now()
    while (watches(pid) < all && performance.now() - began < 60_000) await delay(10)
    const ready = performance.now() - start
    await delay(1000)
    const [memory, before] = [rss(pid), ticks(pid)]
    await delay(3000)
    const cpu = ((ticks(pid) - before) / 100 / 3) * 100
    const aimed = count === 5000
    const aim = (text, ok) => (aimed ? { aim: text, ok } : {})
    const what = count.toLocaleString('en')
    return [
      {
        text: `${what} directories, watched after`,
        value: ready,
        unit: 'ms',
        digits: 0,
        ...aim('≤ 1 s', ready <= aims.ready),
      },
      {
        text: `${what}: supervisor's memory`,
        value: memory,
        unit: 'MB',
        digits: 0,
        ...aim('≤ 100 MB', memory <= aims.memory),
      },
      {
        text: `${what}: watches a directory`,
        value: watches(pid) / all,
        unit: '',
        digits: 2,
        ...aim('≤ 1', watches(pid) <= all),
      },
      { text: `${what}: processor, idle`, value: cpu, unit: '%', digits: 1, ...aim('≈ 0', cpu < 1) },
    ]
  })
}

function watches(pid) {
  return fs
    .readdirSync(`/proc/${pid}/fdinfo`)
    .map(
      (fd) =>
        textOf(`/proc/${pid}/fdinfo/${fd}`)
          .split('\n')
          .filter((line) => line.startsWith('inotify ')).length,
    )
    .reduce((sum, number) => sum + number, 0)
}

function directoriesIn(dir) {
  const below = fs.readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return below.reduce((sum, { name }) => sum + directoriesIn(path.join(dir, name)), 1)
}

const textOf = (file) => {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

const rss = (pid) => Number(/VmRSS:\s*(\d+)/.exec(textOf(`/proc/${pid}/status`))?.[1]) / 1024

const ticks = (pid) => {
  const fields = textOf(`/proc/${pid}/stat`).split(') ')[1].split(' ')
  return Number(fields[11]) + Number(fields[12])
}
