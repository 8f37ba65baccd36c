import { describe, expect, it } from 'vitest'
import { applyEvent, applyEvents, diff, emptySet, type SetEvent } from '../../../src/masks/live-set.ts'
import type { Mask, MaskLook } from '../../../src/masks/types.ts'

const seen = (path: string): SetEvent => ({ kind: 'seen', entry: { path, name: 'x', kind: 'file' } })
const mask = (path: string, look: MaskLook = { kind: 'empty' }): Mask => ({
  path,
  entry: 'file',
  look,
  reason: { pattern: '.env*', origin: { layer: 'built-in' }, by: 'name' },
})
const map = (...masks: Mask[]): Map<string, Mask> => new Map(masks.map((one) => [one.path, one]))
const keys = (text: string): MaskLook => ({ kind: 'keys', text })
const other = (ino: string, dev = '1', source = '/s'): MaskLook => ({
  kind: 'substitute',
  source,
  identity: { dev, ino },
})

describe('applying events', () => {
  it.each<[string, SetEvent[], string[]]>([
    ['seen', [seen('/p/a'), seen('/p/b'), seen('/p/a')], ['/p/a', '/p/b']],
    ['gone', [seen('/p/a'), seen('/p/a/b'), { kind: 'gone', path: '/p/a' }], ['/p/a/b']],
    [
      'left',
      [seen('/p/a'), seen('/p/a/b'), seen('/p/ab'), { kind: 'left', directory: '/p/a' }],
      ['/p/a', '/p/ab'],
    ],
    ['in order', [{ kind: 'gone', path: '/p/a' }, seen('/p/a')], ['/p/a']],
  ])('%s', (_what, events, paths) => {
    expect([...applyEvents(emptySet, events).entries.keys()]).toEqual(paths)
    expect(events.reduce(applyEvent, emptySet)).toEqual(applyEvents(emptySet, events))
  })

  it('keeps what could not be read until it can be, or is gone', () => {
    const closed: SetEvent = { kind: 'unreadable', directory: { path: '/p/a/b', code: 'EACCES' } }
    const one = applyEvent(emptySet, closed)
    expect([...one.unreadable.keys()]).toEqual(['/p/a/b'])
    expect(applyEvent(one, { kind: 'readable', path: '/p/a/b' }).unreadable.size).toBe(0)
    for (const directory of ['/p/a', '/p/a/b'])
      expect(applyEvent(one, { kind: 'left', directory }).unreadable.size).toBe(0)
  })

  it('leaves the set alone that it was given', () => {
    const before = applyEvent(emptySet, seen('/p/a'))
    applyEvents(before, [
      { kind: 'gone', path: '/p/a' },
      { kind: 'decided', masks: [mask('/p/a')] },
    ])
    expect([...before.entries.keys()]).toEqual(['/p/a'])
    expect(emptySet.entries.size).toBe(0)
  })
})

describe('the difference', () => {
  it.each<[string, Map<string, Mask>, Map<string, Mask>, [number, number, number]]>([
    ['nothing', map(mask('/a')), map(mask('/a')), [0, 0, 0]],
    ['a new one', map(), map(mask('/a')), [1, 0, 0]],
    ['one that went', map(mask('/a'), mask('/b')), map(mask('/b')), [0, 1, 0]],
    ['other names', map(mask('/a', keys('A='))), map(mask('/a', keys('B='))), [0, 0, 1]],
    ['the same names', map(mask('/a', keys('A='))), map(mask('/a', keys('A='))), [0, 0, 0]],
    ['another kind', map(mask('/a', keys(''))), map(mask('/a')), [0, 0, 1]],
    ['another substitute', map(mask('/a', other('1'))), map(mask('/a', other('2'))), [0, 0, 1]],
    ['one of another device', map(mask('/a', other('1'))), map(mask('/a', other('1', '2'))), [0, 0, 1]],
    ['one at another place', map(mask('/a', other('1'))), map(mask('/a', other('1', '1', '/t'))), [0, 0, 1]],
    ['the same substitute', map(mask('/a', other('1'))), map(mask('/a', other('1'))), [0, 0, 0]],
  ])('%s', (_what, before, after, [added, removed, changed]) => {
    const delta = diff(before, after)
    expect([delta.added.length, delta.removed.length, delta.changed.length]).toEqual([
      added,
      removed,
      changed,
    ])
  })
})
