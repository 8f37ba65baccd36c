import { expect, it } from 'vitest'
import { programFiles } from '../../../src/plan/program.ts'

const shown = ['/usr']

/** What an interpreter at a place makes the box show. */
const of = (interpreter: string): string[] =>
  programFiles(
    {
      name: 'tool',
      found: '/usr/bin/tool',
      real: '/usr/bin/tool',
      interpreter: { name: 'node', found: interpreter, real: interpreter },
    },
    shown,
    '/home/u',
  )

it.each([
  ['an installation', '/home/u/x/node-22/bin/node', '/home/u/x/node-22'],
  ['the home', '/home/u/bin/node', '/home/u/bin/node'],
  ['what is above the home', '/home/bin/node', '/home/bin/node'],
  ['what all programs share', '/home/u/.local/bin/python', '/home/u/.local/bin/python'],
  ['everything', '/bin/node', '/bin/node'],
])('an interpreter shows no more than a tool: %s', (_what, interpreter, wanted) => {
  expect(new Set(of(interpreter))).toEqual(new Set([wanted]))
})

it('a program whose packages are around the home does not show that', () => {
  const real = '/home/node_modules/tool/cli.js'
  expect(programFiles({ name: 'tool', found: real, real }, shown, '/home/node_modules/u')).toEqual([])
})
