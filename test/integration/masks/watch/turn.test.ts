import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { watchTree } from '../../../../src/masks/watch/engine.ts'
import { eventTurns } from '../../../../src/masks/watch/turn.ts'
import { eventually } from '../../../support/spawn.ts'
import { temporary } from '../tree.ts'

function work(milliseconds: number): void {
  const { user, system } = process.cpuUsage()
  const used = (): number => {
    const now = process.cpuUsage()
    return (now.user + now.system - user - system) / 1e3
  }
  while (used() < milliseconds);
}

it('a turn that takes long is full, however few its events; the next one is not', async () => {
  const turns = eventTurns()
  const full: number[] = []
  const stop = turns.onFull((events) => void full.push(events))
  turns.count()
  expect(turns.full()).toBe(false)
  work(400)
  turns.count()
  expect(turns.full()).toBe(true)
  await nextTurn()
  await nextTurn()
  turns.count()
  expect(turns.full()).toBe(false)
  await nextTurn()
  stop()
  expect(full).toEqual([2])
})

it('a turn in which others had the processor is not full', async () => {
  const turns = eventTurns()
  turns.count()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
  expect(turns.full()).toBe(false)
  await nextTurn()
})

it('new directories that take long to list are not all listed in one go', async () => {
  const root = temporary()
  const aside = temporary()
  const dirs = ['a', 'b', 'c', 'd', 'e']
  for (const dir of dirs) {
    mkdirSync(`${aside}/${dir}`)
    writeFileSync(`${aside}/${dir}/.env`, '')
  }
  let go = 0
  const met = new Map<string, number>()
  const watch = watchTree({
    roots: [root],
    interesting: /env/,
    on: {
      name(path) {
        if (met.has(path)) return
        // Runs when all that is done in one go has been done.
        queueMicrotask(() => go++)
        met.set(path, go)
        work(30)
      },
      any: () => {},
      gone: () => {},
      unreadable: () => {},
      readable: () => {},
      missed: () => {},
      degraded: () => {},
      lost: () => {},
    },
  })
  try {
    await watch.settled()
    for (const dir of dirs) renameSync(`${aside}/${dir}`, `${root}/${dir}`)
    expect(await eventually(() => met.size === dirs.length)).toBe(true)
    expect(dirs.filter((dir) => met.get(`${root}/${dir}/.env`) === 0)).toEqual(['a'])
  } finally {
    watch.close()
  }
})
