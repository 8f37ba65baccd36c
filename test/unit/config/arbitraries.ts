import * as fc from 'fast-check'
import type { Approvals } from '../../../src/config/grants.ts'
import { all, none } from './layer.ts'

/** Policies, as data: what stands in a file. */

export const some = <T>(...values: T[]) => fc.subarray(values)
export const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
export const drop = (rc: object): object => JSON.parse(JSON.stringify(rc)) as object

const paths = some('~/a', '~/a/b', '~/c', '../d', '/srv/e', 'src', '~/h/x')
const parts = some('a', 'a/b', 'docs', 'src')
const hosts = some('a.b', '*.a.b', 'x.a.b', 'c.d:81', '@npm')

/** Everything that only narrows. */
export const restrictions = fc
  .record({
    filesystem: fc.record({ readonly: parts, hide: parts, home: maybe(fc.constant('ephemeral')) }),
    masks: fc.record({ patterns: some('*.x', '/a/*.y'), show: maybe(fc.constant('deny')) }),
    network: fc.record({ mode: maybe(fc.constant('none')) }),
    ssh: maybe(fc.constant('none')),
    protect: fc.record({ absent: maybe(fc.constant('quarantine')) }),
    limits: fc.record({ tmp: maybe(fc.constantFrom('1G', '64M')) }),
  })
  .map(drop)

/** Anything at all. */
export const anything = fc
  .record({
    filesystem: fc.record({
      read: paths,
      write: paths,
      readonly: parts,
      hide: parts,
      home: maybe(fc.constantFrom('private', 'ephemeral')),
    }),
    masks: fc.record({
      patterns: some('*.x'),
      except: some('.env.test', '*.x'),
      show: maybe(fc.constantFrom('empty', 'keys', 'deny')),
    }),
    network: fc.record({ mode: maybe(fc.constantFrom('none', 'allow', 'host')), allow: hosts }),
    env: fc.record({ pass: some('CI', 'MYAPP_*', 'MYAPP_X') }),
    ssh: maybe(fc.constantFrom('none', 'agent')),
    protect: fc.record({ absent: maybe(fc.constantFrom('quarantine', 'report')) }),
    limits: fc.record({ tmp: maybe(fc.constantFrom('1G', '8G')) }),
  })
  .map(drop)

/** In the user's own file paths are full. */
const own = anything.map(
  (rc) =>
    JSON.parse(
      JSON.stringify(rc).replaceAll('"../d"', '"~/d"').replaceAll('"read":["src"', '"read":["~/s"'),
    ) as object,
)
export const userRc = own.filter((rc) => !/"(?:read|write)":\[[^\]]*"src"/.test(JSON.stringify(rc)))

export const approvals = fc.constantFrom<Approvals>(
  all,
  none,
  { approver: ({ value }) => (value.length % 2 === 0 ? 'approval' : undefined) },
  { approver: ({ kind }) => (kind === 'read' ? undefined : 'directory') },
)
