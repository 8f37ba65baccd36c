import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { catalogue, threatsOf } from './catalogue.ts'
import { removePrograms } from './host.ts'
import { examine, reportText } from './report.ts'
import { ALL_GROUPS, boxed, makeWorld } from './world.ts'

afterAll(removePrograms)

describe('the catalogue of threats', () => {
  test('every probe belongs to a threat, and every threat has a probe or a test', async () => {
    const world = await makeWorld('user', 'plain')
    try {
      const groups = [...ALL_GROUPS, 'network', 'agents', 'live']
      const { verdicts } = await world.ask(boxed(world, '--network', 'none'), groups)
      const names = [...verdicts.keys()]
      expect(names.filter((name) => threatsOf(name).length !== 1)).toEqual([])
      const idle = catalogue.filter(
        ({ probes }) => probes !== undefined && !names.some((n) => probes.test(n)),
      )
      expect(idle.map(({ id }) => id)).toEqual([])
      const unfounded = catalogue.filter(({ probes, tests }) => probes === undefined && tests === undefined)
      expect(unfounded).toEqual([])
    } finally {
      await world.remove()
    }
  })

  test('every test that it names is there', () => {
    const missing = catalogue
      .flatMap(({ tests }) => tests ?? [])
      .filter((file) => !existsSync(resolve(import.meta.dirname, '..', file)))
    expect(missing).toEqual([])
  })

  test('the same catalogue finds most of it in a sandbox that does nothing', async () => {
    const world = await makeWorld('user', 'plain')
    try {
      const found = await examine(world, ['env'])
      const whole = found.filter(({ failed }) => failed.length === 0).map(({ threat }) => threat.id)
      expect(whole, reportText(found, true)).toEqual([])
    } finally {
      await world.remove()
    }
  })
})
