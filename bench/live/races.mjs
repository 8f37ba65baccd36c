// How long a secret can be read that the host makes or saves, and by whom.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Stop } from '../../scripts/lib/tools.mjs'
import { compiled, inBareBox, inBox, running } from './box.mjs'

const ROUNDS = 300
/** Milliseconds between two looks: the processor must be free for others meanwhile. */
const LOOK = 0.05
const waiting = new Int32Array(new SharedArrayBuffer(4))

/**
 * The host makes files by rename, as editors save. `saved`: always under one name, which has been masked before.
 * `fresh`: each in a directory that has just been made.
 */
const places = {
  saved: (project) => path.join(project, '.env'),
  async fresh(project) {
    const dir = path.join(project, 'fresh')
    fs.rmSync(dir, { recursive: true, force: true })
    fs.mkdirSync(dir)
    await delay(8)
    return path.join(dir, '.env')
  },
}

/** The time until the box sees another file there. Milliseconds, in order. */
export async function latencies(world, project, place) {
  return inBox(world, project, ['sh', '-c', 'echo up; exec sleep 600'], async ({ inside }) => {
    await delay(500)
    const took = []
    for (let round = 0; round < ROUNDS; round++) {
      const file = await places[place](project)
      make(file, round)
      const { ino, dev } = fs.lstatSync(file)
      const began = performance.now()
      for (;;) {
        const seen = fs.lstatSync(inside + file, { throwIfNoEntry: false })
        if (seen !== undefined && (seen.ino !== ino || seen.dev !== dev)) break
        if (performance.now() - began > 5000) throw new Stop('bench: a secret was not masked within 5 s')
        Atomics.wait(waiting, 0, 0, LOOK)
      }
      took.push(performance.now() - began)
      fs.rmSync(file)
      await delay(4)
    }
    return took.toSorted((a, b) => a - b)
  })
}

function make(file, round) {
  const temporary = path.join(path.dirname(file), 'made.new')
  fs.writeFileSync(temporary, `${round}\n`)
  fs.renameSync(temporary, file)
}

/** The part of the secrets that a reader in the box gets: one that does nothing else, and one each millisecond. */
export async function races(world, project) {
  const reader = compiled(project, 'reader')
  const watcher = compiled(world.dir, 'watcher')
  const out = {}
  for (const [who, pause] of [
    ['busy', 0],
    ['often', 1000],
  ]) {
    const argv = (place) => [reader, path.join(project, place), String(pause)]
    out[who] = {
      saved: await inBox(world, project, argv('.env'), (box) => lost(box, project, 'saved')),
      fresh: await inBox(world, project, argv('fresh/.env'), (box) => lost(box, project, 'fresh')),
      least: await inBareBox(project, argv('.env'), (box) => {
        const mask = path.join(project, 'mask')
        fs.writeFileSync(mask, '')
        return running(spawn(watcher, [String(box.agent), project, mask]), () => lost(box, project, 'saved'))
      }),
    }
  }
  return out
}

/** Emptied before it is removed: what is seen then is another window, of the removal. */
async function lost(box, project, place) {
  await delay(500)
  for (let round = 0; round < ROUNDS; round++) {
    const file = await places[place](project)
    make(file, round)
    await delay(8)
    fs.truncateSync(file)
    fs.rmSync(file)
    await delay(4)
  }
  await delay(50)
  const said = box.said().split('\n')
  return new Set(said.filter((line) => /^\d+$/.test(line))).size / ROUNDS
}
