import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Turns } from '../../../src/masks/watch/turn.ts'
import { watchNames } from '../../../src/session/follow-watch.ts'
import { keepReadonly, type ReadonlyInput } from '../../../src/session/readonly.ts'
import { eventually } from '../../support/spawn.ts'

let dir: string
let close: () => void
beforeEach(() => {
  dir = mkdtempSync(`${tmpdir()}/agentbox-resting-`)
})
afterEach(() => {
  close()
  rmSync(dir, { recursive: true })
})

/** As if something happened in the directory all the time. */
function fullTurns(): Turns & { events: number } {
  const turns = {
    events: 0,
    count: () => turns.events++,
    full: () => true,
    onFull: () => () => {},
  }
  return turns
}

/** Makes events for the watch, for longer than it may hear of. Returns of how many it has heard. */
async function storm(turns: { events: number }): Promise<number> {
  const began = Date.now()
  const before = turns.events
  // Rests are a tenth of a second, and a machine that does much else makes them longer.
  while (Date.now() - began < 1000) {
    for (let count = 0; count < 20; count++) writeFileSync(`${dir}/other${count % 2}`, `${count}`)
    await delay(1)
  }
  return turns.events - before
}

it('the watch over what is read-only rests in a full turn, and then looks at everything', async () => {
  const path = `${dir}/config`
  writeFileSync(path, '')
  const turns = fullTurns()
  const covered: string[] = []
  const inside = { protect: async () => (covered.push(path), {}) }
  const input = { box: { ended: false, inside }, guard: {}, configs: { dir, copies: [] }, paths: [path] }
  close = keepReadonly(input as unknown as ReadonlyInput, turns)
  expect(await storm(turns)).toBeLessThan(100)
  writeFileSync(`${dir}/new`, 'other')
  renameSync(`${dir}/new`, path)
  expect(await eventually(() => covered.length > 0)).toBe(true)
})

it('the watch over the policy rests in a full turn, and then looks at everything', async () => {
  const turns = fullTurns()
  let looks = 0
  const watch = watchNames(
    () => [`${dir}/.agentboxrc`],
    () => looks++,
    () => {},
    turns,
  )
  close = watch.close
  expect(await eventually(() => (writeFileSync(`${dir}/other0`, ''), turns.events > 0))).toBe(true)
  expect(await storm(turns)).toBeLessThan(100)
  expect(looks).toBeGreaterThan(1)
})
