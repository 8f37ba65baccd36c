import { readdirSync, readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPlain } from '../../../src/config/plain.ts'
import { readYaml } from '../../../src/config/yaml.ts'

/** Whatever the quick reader accepts, the full parser must read in the same way. */
function expectAgreement(text: string): boolean {
  const plain = readPlain(text)
  if (plain === undefined) return false
  expect({ text, document: plain }).toEqual({ text, ...readYaml(text) })
  return true
}

const pieces = [
  ...[
    'a',
    'b-c',
    'version',
    '.env',
    '~',
    '~/x',
    'null',
    'true',
    'False',
    '1',
    '01',
    '1.5',
    '.5',
    '8G',
    '1e3',
    '0x1f',
  ],
  ...[
    '1_000',
    '2001-01-01',
    '1:30',
    'a:b',
    'a: b',
    '"q"',
    '"a: b # c"',
    "'s'",
    "'it''s'",
    '"\\n"',
    '-',
    '- ',
    '- a',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    '[]',
    '{}',
    ', ',
    ',',
    ':',
    ': ',
    '#',
    ' #c',
    '# c',
    '&a',
    '*a',
    '!t',
    '|',
    '>',
    '%',
    '@',
    '?',
  ],
  ...[
    '? ',
    '\n',
    '\n',
    '\n',
    '\n  ',
    '\n    ',
    '\n- ',
    '\n  - ',
    ' ',
    '  ',
    '\t',
    '\r\n',
    'é',
    '---',
    '...',
    '<<',
  ],
  ...[
    '.inf',
    '-.inf',
    '.nan',
    '+1',
    '-1',
    '0',
    '0o7',
    '1.2.3',
    'yes',
    'NULL',
    '\u00a0',
    '\u2028',
    '*.x',
    '$a',
    '=',
    '`',
  ],
]

const lines = [
  ...[
    'version: 1',
    'ssh: none',
    'agents: [claude, "x"]',
    'filesystem:',
    '  read: [~/a, ../b]',
    '  hide:',
    '    - a/',
  ],
  ...[
    '    - "b"',
    '  - c',
    '- d',
    'masks: {show: keys, substitute: {.env: .env.x}}',
    '  set: {A: 1, B: true}',
    '',
    '# c',
  ],
  ...[
    '  # c',
    '   x: y',
    '    deep:',
    '      er: 1',
    'limits: {tmp: 2G, processes: 40}   # c',
    '  allow: ["@npm", a.b:443]',
  ],
  ...[
    '{',
    '}',
    '"a": ["b",',
    '"c"]',
    'x:',
    'y : z',
    '"k": v',
    "'k': v",
    'k:v',
    'k: - a',
    'k: [a, ]',
    'k: [a b]',
    'k: {a}',
  ],
]

describe('the quick reader and the full parser agree', () => {
  it.each(readdirSync('test/fixtures/policies').filter((name) => name.endsWith('.yaml')))('on %s', (name) => {
    expectAgreement(readFileSync(`test/fixtures/policies/${name}`, 'utf8'))
  })

  it('on pieces of YAML in any order', () => {
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (value) => void expectAgreement(value)),
      { numRuns: 6000 },
    )
  })

  it('on lines of policies in any order', () => {
    let accepted = 0
    const text = fc.array(fc.constantFrom(...lines), { maxLength: 9 }).map((parts) => parts.join('\n'))
    fc.assert(
      fc.property(text, (value) => {
        if (expectAgreement(value)) accepted++
      }),
      { numRuns: 4000 },
    )
    // Otherwise the property would say nothing.
    expect(accepted).toBeGreaterThan(200)
  })

  it('on JSON of any shape', () => {
    const data = fc.jsonValue({ maxDepth: 4 })
    fc.assert(
      fc.property(
        data,
        fc.nat(4),
        (value, indent) => void expectAgreement(JSON.stringify(value, null, indent)),
      ),
    )
  })
})

describe('the quick reader', () => {
  it.each([
    ['the example', readFileSync('.agentboxrc.example', 'utf8')],
    [
      'a JSON policy',
      JSON.stringify({ version: 1, filesystem: { hide: ['a', 'b c'] }, limits: { tmp: 5 } }, null, 2),
    ],
    ['lists in lines', 'version: 1\nfilesystem:\n  hide:\n  - a\n  - "b c"\nssh: none\n'],
    ['no line break at the end', 'version: 1'],
  ])('takes %s', (_name, text) => {
    expect(readPlain(text)).toBeDefined()
  })

  it.each([
    ['an anchor', 'a: &x b'],
    ['an alias', 'a: *x'],
    ['a tag', 'a: !x b'],
    ['an escape', 'a: "\\x41"'],
    ['a block scalar', 'a: |\n  b'],
    ['a tab', 'a:\tb'],
    ['a document mark', '---\na: b'],
    ['two lines of one scalar', 'a: b\n  c'],
    ['nothing', ''],
  ])('leaves %s to the full parser', (_name, text) => {
    expect(readPlain(text)).toBeUndefined()
  })
})
