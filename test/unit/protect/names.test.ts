import { describe, expect, it } from 'vitest'
import { nameOf } from '../../../src/host/paths.ts'
import { byHandNames, byHandOf, byHandSieve } from '../../../src/protect/by-hand.ts'
import { isProtected, protectedNames, protectedSieve, protectionOf } from '../../../src/protect/names.ts'
import { nameTable } from '../../../src/protect/table.ts'

describe('nameTable', () => {
  const table = nameTable({ a: ['x.y', '*.end', 'start.*'], b: ['p/q/r', 'p/s.*.t'] })
  const { sieve } = table

  it.each<[string, string | undefined]>([
    ['/w/x.y', 'a'],
    ['/w/d/x.y', 'a'],
    ['/w/xxy', undefined],
    ['/w/x.y.z', undefined],
    ['/w/zx.y', undefined],
    ['/w/name.end', 'a'],
    ['/w/.end', 'a'],
    ['/w/line\nend.end', 'a'],
    ['/w/start.', 'a'],
    ['/w/d/start.er', 'a'],
    ['/w/restart.er', undefined],
    ['/w/start.d/other', undefined],
    ['/w/p/q/r', 'b'],
    ['/p/q/r', 'b'],
    ['/w/up/q/r', undefined],
    ['/w/q/r', undefined],
    ['/w/p/q/r/more', undefined],
    ['/w/p/s.1.t', 'b'],
    ['/w/p/s.t', undefined],
    ['/w/up/s.1.t', undefined],
    ['/w/p', undefined],
    ['/w/p/q', undefined],
  ])('%j: %s', (path, runBy) => {
    expect(table.find(path)).toBe(runBy)
    expect(table.findLink(path)).toBe(runBy ?? (/\/p$|\/p\/q$/.test(path) ? 'b' : undefined))
    if (table.findLink(path) !== undefined) expect(sieve.test(nameOf(path))).toBe(true)
  })
})

it.each([
  ['protected', protectedNames, protectedSieve, (path: string) => protectionOf(path, false)] as const,
  ['run by hand', byHandNames, byHandSieve, byHandOf] as const,
])('every name that is %s is found, by the sieve first, and by itself only', (_what, names, sieve, find) => {
  for (const [runBy, list] of Object.entries(names)) {
    for (const name of list) {
      const path = `/w/d/${name.replace('*', 'some thing')}`
      expect([name, find(path), sieve.test(nameOf(path))]).toEqual([name, runBy, true])
      expect([name, find(`${path}/x`)]).toEqual([name, undefined])
      if (!name.endsWith('*')) expect([name, find(`${path}~`)]).toEqual([name, undefined])
    }
  }
})

it('nothing is both protected and left to hands', () => {
  for (const name of Object.values(byHandNames).flat())
    expect([name, protectionOf(`/w/${name.replace('*', 'x')}`, true)]).toEqual([name, undefined])
})

it.each<[string, boolean, boolean]>([
  ['/w/.git', false, true],
  ['/w/my.code-workspace', false, true],
  ['/w/.config/mise', false, true],
  ['/w/.config', false, false],
  ['/w/.config', true, true],
  ['/w/.github', true, true],
  ['/w/.github', false, false],
  ['/w/.github/hooks', false, true],
  ['/w/src/hooks', false, false],
  ['/w/src/hooks', true, false],
  ['/w/a/config.toml', false, false],
  ['/w/a/.cargo/config.toml', false, true],
])('%s, a link: %s, is protected: %s', (path, link, wanted) => {
  expect(isProtected(path, link)).toBe(wanted)
})
