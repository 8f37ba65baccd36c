import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { storedMasks, storedPath } from '../../../src/masks/stored.ts'
import type { Mask } from '../../../src/masks/types.ts'
import { storeLater } from '../../../src/session/storing.ts'
import { temporary } from '../masks/tree.ts'

const masks = (...paths: string[]): Map<string, Mask> =>
  new Map(
    paths.map((path) => [
      path,
      {
        path,
        entry: 'file',
        look: { kind: 'empty' },
        reason: { pattern: '.env', origin: { layer: 'built-in' }, by: 'name' },
      },
    ]),
  )

it('the list of masks is the last one of a burst, is written by nobody who has ended, and is not worth a failure', async () => {
  const [state, full] = [temporary(), `${temporary()}/file`]
  writeFileSync(full, '')
  const [store, ended, unable] = [storeLater(state, '/p'), storeLater(state, '/q'), storeLater(full, '/p')]
  for (const later of [store, ended, unable]) {
    later(masks('/p/.env'))
    later(masks('/p/.env', '/p/.env.local'))
  }
  ended.close()
  expect(existsSync(storedPath(state, '/p'))).toBe(false)
  await expect.poll(() => storedMasks(state, '/p')?.masks.length, { timeout: 20_000 }).toBe(2)
  // What fails would fail at the same time: an error that nobody takes ends a process.
  await delay(50)
  expect(existsSync(storedPath(state, '/q'))).toBe(false)
})
