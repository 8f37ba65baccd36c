// Secrets that the host writes while the box runs. The probe says that it is there, waits until the host has
// written them, and looks.
import fs from 'node:fs'
import { failed, read, skipped, unreadable, world } from './lib.mjs'

export function live() {
  if (world.live === undefined) return [['live', () => skipped('the host side takes no part')]]
  try {
    fs.writeFileSync(world.live.go, '')
  } catch (error) {
    return [['live', () => skipped(`the project cannot be written: ${error.code}`)]]
  }
  const end = Date.now() + 60_000
  while (!fs.existsSync(world.live.done) && Date.now() < end) wait(20)
  const late = Date.now() + GRACE
  return world.live.places.map(({ name, path }) => [`live:${name}`, () => look(path, late)])
}

/** Milliseconds that a box has, on a machine that does much else: it takes less than one. */
const GRACE = 15_000

/** What is read as empty for good is masked; the name may also be gone, with whatever held it. */
function look(path, late) {
  if (!fs.existsSync(world.live.done)) return failed('the host did not answer')
  for (;;) {
    const seen = unreadable(() => read(path))
    if (seen.verdict !== 'FAIL' || Date.now() > late) return seen
    wait(50)
  }
}

const wait = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
