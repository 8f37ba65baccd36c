import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { policyChanges } from '../../../src/config/changes.ts'
import { restricted } from '../../../src/config/restrict.ts'
import { compileMatcher } from '../../../src/masks/patterns.ts'
import { decide, compileRules } from '../../../src/network/rules/decide.ts'
import { readAuthority } from '../../../src/network/rules/host.ts'
import type { Origin, Policy, Sourced } from '../../../src/policy/types.ts'
import { policyWith } from '../policy/policies.ts'

const origin: Origin = { layer: 'repo' }
const said = <T>(...values: T[]): Sourced<T>[] => values.map((value) => ({ value, origin }))

interface Parts {
  mode?: 'none' | 'allow' | 'host'
  allow?: string[]
  deny?: string[]
  ports?: number[]
  patterns?: string[]
  except?: string[]
  hide?: string[]
  read?: string[]
  pass?: string[]
  memory?: number
  show?: 'deny' | 'empty' | 'keys'
}

function policy(parts: Parts): Policy {
  const { mode = 'allow', allow = [], deny = [], ports = [], patterns = [], except = [] } = parts
  const base = policyWith({ network: mode, pass: parts.pass ?? [] })
  const rules = (list: string[]) => said(...list.map((pattern) => ({ pattern, base: '/p' })))
  return {
    ...base,
    filesystem: { ...base.filesystem, hide: said(...(parts.hide ?? [])), read: said(...(parts.read ?? [])) },
    masks: {
      ...base.masks,
      patterns: rules(patterns),
      except: rules(except),
      show: { value: parts.show ?? 'empty', origin },
    },
    network: { ...base.network, allow: said(...allow), deny: said(...deny), ports: said(...ports) },
    limits: parts.memory === undefined ? {} : { memory: { value: parts.memory, origin } },
  }
}

const hosts = [
  'a.example',
  'b.a.example',
  'c.b.a.example',
  '*.a.example',
  '*.b.a.example',
  'a.example:22',
  '@npm',
  'registry.npmjs.org',
  '10.0.0.1',
  '10.0.0.1:80',
]
const places = [
  'a.example:443',
  'b.a.example:443',
  'c.b.a.example:443',
  'x.b.a.example:80',
  'a.example:22',
  'registry.npmjs.org:443',
  '10.0.0.1:80',
  '10.0.0.1:443',
]
const globs = ['*.x', 'a.x', 'b', 'dir/', '.env', 'sub/c']
const paths = ['/p/a.x', '/p/b.x', '/p/b', '/p/.env', '/p/sub/c', '/p/sub/a.x', '/p/c']

const arbitrary = fc
  .record({
    mode: fc.constantFrom('none' as const, 'allow' as const, 'host' as const),
    allow: fc.uniqueArray(fc.constantFrom(...hosts)),
    deny: fc.uniqueArray(fc.constantFrom(...hosts), { maxLength: 2 }),
    patterns: fc.uniqueArray(fc.constantFrom(...globs), { maxLength: 3 }),
    except: fc.uniqueArray(fc.constantFrom(...globs), { maxLength: 3 }),
  })
  .map(policy)

const reaches = ({ network }: Policy, place: string): boolean => {
  if (network.mode.value !== 'allow') return network.mode.value === 'host'
  return decide(compileRules(network, []), readAuthority(place, undefined)!).allowed
}

const shows = ({ masks }: Policy, path: string): boolean =>
  compileMatcher(masks).match(path, false) === undefined

describe('a policy that became stricter', () => {
  it('reaches and shows nothing that one of the two does not', () => {
    fc.assert(
      fc.property(arbitrary, arbitrary, (running, next) => {
        const both = restricted(running, next)
        for (const place of places)
          if (reaches(both, place) && both.network.mode.value !== 'host')
            expect([place, reaches(running, place), reaches(next, place)]).toEqual([place, true, true])
        for (const path of paths)
          if (shows(both, path))
            expect([path, shows(running, path), shows(next, path)]).toEqual([path, true, true])
      }),
      { numRuns: 80 },
    )
  })

  it('is what it was where nothing changed, and does not change again', () => {
    fc.assert(
      fc.property(arbitrary, arbitrary, (running, next) => {
        const both = restricted(running, next)
        for (const place of places)
          expect(reaches(restricted(running, running), place)).toBe(reaches(running, place))
        for (const place of places) expect(reaches(restricted(both, next), place)).toBe(reaches(both, place))
        expect(policyChanges(running, running, '/p')).toEqual({ now: [], later: [], wider: [] })
      }),
      { numRuns: 40 },
    )
  })

  it.each<[string, string[], string[], string[]]>([
    ['the same', ['a.example'], ['a.example'], ['a.example']],
    ['one less', ['a.example', 'b.example'], ['a.example'], ['a.example']],
    ['one more', ['a.example'], ['a.example', 'b.example'], ['a.example']],
    ['narrower', ['*.a.example'], ['b.a.example'], ['b.a.example']],
    ['wider', ['b.a.example'], ['*.a.example'], ['b.a.example']],
    ['another port', ['a.example'], ['a.example:443'], []],
    ['one of a preset', ['@npm'], ['registry.npmjs.org'], ['registry.npmjs.org']],
    ['the agent', ['@agent'], ['@agent', 'a.example'], ['@agent']],
  ])('%s', (_what, running, next, both) => {
    const result = restricted(policy({ allow: running }), policy({ allow: next }))
    expect(result.network.allow.map(({ value }) => value)).toEqual(both)
  })
})

it.each<[string, Parts, Parts, { now?: string[]; later?: string[]; wider?: string[] }]>([
  ['a pattern', {}, { patterns: ['*.x'] }, { now: ['masks.patterns *.x'] }],
  ['a pattern less', { patterns: ['*.x'] }, {}, { wider: ['without masks.patterns *.x'] }],
  ['an exception less', { except: ['a'] }, {}, { now: ['without masks.except a'] }],
  ['a host less', { allow: ['a.example'] }, {}, { now: ['without network.allow a.example'] }],
  ['a host more', {}, { allow: ['a.example'] }, { wider: ['network.allow a.example'] }],
  [
    'fewer hosts',
    { allow: ['*.a.example'] },
    { allow: ['b.a.example'] },
    { now: ['without network.allow *.a.example'] },
  ],
  ['a denial', {}, { deny: ['a.example'] }, { now: ['network.deny a.example'] }],
  ['no network', {}, { mode: 'none' }, { now: ['without network.mode allow'] }],
  [
    "the host's network less",
    { mode: 'host' },
    { mode: 'allow', allow: ['a.example'] },
    { later: ['without network.mode host'] },
  ],
  ["the host's network", {}, { mode: 'host' }, { wider: ['network.mode host'] }],
  ['hidden', {}, { hide: ['/p/infra'] }, { now: ['filesystem.hide infra'] }],
  ['a path less', { read: ['/q'] }, {}, { now: ['without filesystem.read /q'] }],
  ['a variable less', { pass: ['CI'] }, {}, { later: ['without env.pass CI'] }],
  ['less memory', { memory: 8 }, { memory: 4 }, { later: ['limits.memory 4'] }],
  ['no limit', { memory: 8 }, {}, { wider: ['without limits.memory'] }],
  ['no names', { show: 'keys' }, {}, { now: ['without masks.show keys'] }],
])('says what is other: %s', (_what, running, next, changes) => {
  expect(policyChanges(policy(running), policy(next), '/p')).toEqual({
    now: [],
    later: [],
    wider: [],
    ...changes,
  })
})
