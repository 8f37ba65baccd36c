import { parseEnv } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redactKeys } from '../../../src/masks/redact.ts'
import { isConventionalName } from '../../../src/masks/words.ts'
import { bashNames, dotenvNames, phpNames } from './readings.ts'

const HEADER = '# header'
const REST = '# (the rest of the file is hidden: its lines can be read in more than one way)'
const HIDDEN = '# (a line is hidden)'

const redact = (text: string): string => redactKeys(text, HEADER)!
/** Without the header and the last line end. */
const body = (text: string): string => redact(text).slice(HEADER.length + 1, -1)
const shownNames = (out: string): string[] =>
  [...out.matchAll(/^(?:export )?(\w+) ?[=:]/gm)].map((match) => match[1]!)

describe('keeps', () => {
  const KEPT: [string, string, string][] = [
    ['a plain value', 'TOKEN=abc', 'TOKEN='],
    ['the style of quotes', `A="x y"\nB='x y'\nC=\`x y\`\nD=""\nE=''`, 'A=""\nB=\'\'\nC=``\nD=""\nE=\'\''],
    [
      'export, blanks around the sign, colons',
      'export API_KEY=x\nA =b\nA= b\nB: c',
      'export API_KEY=\nA =\nA= \nB: ',
    ],
    ['order, empty lines and where comments are', '# secret: x\n\nB=1\n  # y\nA=2', '#\n\nB=\n#\nA='],
    ['that a comment follows', 'A=x # old: y\nB="x" # z\nC=#x\nD= # x', 'A= #\nB="" #\nC= #\nD= #'],
    ['apostrophes in comments and in double quotes', `# don't\nA="it's"\nB=1`, '#\nA=""\nB='],
    ['JSON in either quotes', `A='{"a": "b"}'\nB="{\\"a\\": 1}"\nC=1`, `A=''\nB=""\nC=`],
    ['values of several lines', 'KEY="-----BEGIN X-----\nMIIE=\nB=2\n-----END X-----"\nA=1', 'KEY=""\nA='],
    ['the same in single quotes', "KEY='one\nB=2\ntwo'\nA=1", "KEY=''\nA="],
    ['CRLF', 'A=1\r\nB="x\r\ny"\r\nC=2\r\n', 'A=\nB=""\nC='],
    ['a byte order mark out', '\uFEFFA=1', 'A='],
    ['references', 'A=${B}/c\nD="${E:-x}"', 'A=\nD=""'],
    ['balanced parentheses', 'A=(a b)\nB=1', 'A=\nB='],
    ['backslashes inside', 'A=C:\\dir\\x\nB="a\\nb"\nC=1', 'A=\nB=""\nC='],
    ['lower case', 'api_key=x\ndb_host=y', 'api_key=\ndb_host='],
    ['braces in passwords', 'DB_PASS=ab}c]d[\nA=1', 'DB_PASS=\nA='],
    ['nothing of nothing', '', ''],
  ]
  test.each(KEPT)('%s', (_, text, expected) => expect(body(text)).toBe(expected))
})

describe('hides the rest behind', () => {
  test.each([
    ['a quote in the middle of a value', `A=it's`],
    ['an apostrophe in a trailing comment', `A=x # don't`],
    ['a continued line', 'A=x\\'],
    ['a continued line with CRLF', 'A=x\\\r'],
    ['a continued comment', '# x \\'],
    ['a backtick', 'A=`x'],
    ['command substitution', 'A=$(x'],
    ['closed command substitution', 'A=$(x)'],
    ['the same in quotes', 'A="$(x"'],
    ['arithmetic', 'A=$[1+'],
    ['a here-document', 'A=$x <<END'],
    ['an array', 'A=('],
    ['an open expansion', 'A=${B:-x'],
    ['an open expansion in quotes', 'A="${B:-x"'],
    ['an expansion whose end is in quotes', 'A=${B:-"}"'],
    ['an array whose end is in quotes', 'A=(")"'],
    ['an escaped closing quote', 'A="x\\"'],
    ['an escaped backslash before the quote', 'A="x\\\\"'],
    ['a backslash in single quotes', "A='x\\'"],
    ['a PEM block without quotes', 'A=-----BEGIN PRIVATE KEY-----'],
    ['a line without a sign', 'A=x\nMIIEvQIBADANBgkqhkiG9w0'],
    ['a YAML block', 'A: |'],
    ['JSON over several lines', 'A={'],
    ['a colon at the end of the line', 'A:'],
    ['a colon after a blank', 'A : b'],
    ['a quote that opens in a comment', '# A="x'],
    ['a lone carriage return', 'A=1\rX=2'],
    ['a vertical tab', 'A=1\vX=2'],
    ['a line separator', 'A=1\u2028X=2'],
    ['a mixture of quotes', `A=a'b"c'd"`],
    ['several commands with a quote', `A=1; B='x`],
    ['a quote that is never closed', 'A="x'],
    ['two openings', 'A="x\nB="'],
    ['a backslash inside several lines', 'A="x\ny\\\nz"'],
  ])('%s', (_, text) => {
    const out = redact(`${text}\nNEXT_NAME=1\nLAST_NAME='2'\n`)
    expect(out).not.toContain('NEXT')
    expect(out.endsWith(`${REST}\n`)).toBe(true)
  })
})

describe('names', () => {
  test.each([
    'A',
    'PORT',
    'DEBUG',
    'API_KEY',
    'DATABASE_URL',
    'AWS_ACCESS_KEY_ID',
    'NEXT_PUBLIC_URL',
    'SMTP_HOST',
    'DB_PASS',
    'MYSQL_ROOT_PASSWORD',
    'OAUTH2_CLIENT_SECRET',
    'AES256_KEY',
    'S3_BUCKET',
    'api_key',
    'PGPASSWORD',
    'HTTPS_PROXY',
    'STRIPE_SECRET_KEY',
    'SENTRY_DSN',
    '_PRIVATE',
    'REDIS_URL',
    'JWT_SECRET',
    'X509_CERT',
    'MONGODB_URI',
    'TWILIO_AUTH_TOKEN',
    'GITHUB_TOKEN',
    'APP__NAME',
    'NODE_ENV',
    'KAFKA_BROKERS',
    'FOO_BAR',
  ])('shows %s', (name) => expect(isConventionalName(name)).toBe(true))

  test.each([
    'QUJDREVG',
    'deadbeef1234',
    'DEADBEEF',
    'deadbeefcafe',
    'a1b2c3d4',
    'XQZVJKWQ',
    'MIIEvQIBADAN',
    'Mixed',
    'camelCase',
    'Foo_Bar',
    'AB_XQZVJ',
    '_QQQ',
    'JX0_QZ',
    'abc123def456',
    'A'.repeat(65),
    'KEY_0123456789',
    'ABCDEF012345',
    '__',
    'A_',
    'JBSWY3DPEHPK3PXP',
    'TOKEN_deadbeef',
  ])('hides %s', (name) => expect(isConventionalName(name)).toBe(false))

  test('a line whose name is hidden leaves the next one alone', () => {
    expect(body('QUJDREVG=\nB=1\nfooBar=2\n  INDENTED=1\nC=3')).toBe(
      `${HIDDEN}\nB=\n${HIDDEN}\n${HIDDEN}\nC=`,
    )
  })

  test('hardly a random piece of base64 passes for one', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
    const word = fc
      .array(fc.constantFrom(...letters.split('')), { minLength: 8, maxLength: 32 })
      .map((list) => list.join(''))
    const passed = fc.sample(word, { numRuns: 5000, seed: 1 }).filter(isConventionalName)
    expect(passed.length).toBeLessThan(100)
  })
})

test.each([
  ['NUL', 'A=1\0'],
  ['what was not UTF-8', 'A=\uFFFD'],
  ['a lone surrogate', 'A=\udc80'],
  ['too long', `A=${'x'.repeat(1024 * 1024)}`],
])('refuses %s', (_, text) => expect(redactKeys(text, HEADER)).toBeUndefined())

test('the header is one comment, whatever it holds', () => {
  expect(redactKeys('A=1', 'x\nB=2\u2028\x1b[0m')).toBe('# x B=2  [0m\nA=\n')
})

// --- properties -------------------------------------------------------------------------------------

const NAMES =
  'API_KEY DB_HOST TOKEN_A TOKEN_B SECRET_ONE SECRET_TWO PORT HOST USER_NAME PASS_ONE PASS_TWO LOG_LEVEL REDIS_URL MAIL_FROM'.split(
    ' ',
  )

/** Pieces of files, \x01 standing for a fresh name. */
const SOUP = [
  '\x01=',
  '\x01=x',
  '\n',
  '\n',
  '\n',
  '\r\n',
  '"',
  "'",
  '`',
  '\\',
  '#',
  ' # ',
  '$(',
  ')',
  '(',
  '${',
  '}',
  '<<EOF',
  'EOF',
  '\n\x01=zzz\n',
  '\n\x01="',
  '"\n',
  "'\n",
  "\n\x01='",
  '\\\n',
  '\\"',
  "\\'",
  '\\\\',
  'export ',
  ' ',
  ':',
  '\x01: ',
  '="',
  "='",
  '{',
  '[',
  ']',
  'qq',
  '\x01 = ',
  '\t',
  '-----BEGIN',
  '-----END',
  ';',
  '\r',
  '|',
  "it's",
  '$[',
  '$',
  '\n# x\n',
  '\n# "\n',
  '"}"',
  '")"',
]

const soup = fc.array(fc.constantFrom(...SOUP), { maxLength: 16 }).map((pieces) => {
  let count = 0
  return pieces.join('').replaceAll('\x01', () => NAMES[count++ % NAMES.length]!)
})
const distinct = (text: string): boolean => {
  const names = text.match(/[A-Z]+_[A-Z]+|PORT|HOST/g) ?? []
  return new Set(names).size === names.length
}

describe('properties', () => {
  test('a name is shown only where every reading sees one', () => {
    fc.assert(
      fc.property(soup.filter(distinct), (text) => {
        const shown = shownNames(redact(text))
        for (const reading of [bashNames, dotenvNames, phpNames]) {
          const names = new Set(reading(text))
          expect([reading.name, ...shown.filter((name) => !names.has(name))]).toEqual([reading.name])
        }
      }),
      { numRuns: 20_000 },
    )
  })

  test("and where Node's own reader sees one", () => {
    fc.assert(
      fc.property(
        soup.filter((text) => distinct(text) && !/:|^[ \t\r]+($|#)|export[ \t]{2}/m.test(text)),
        (text) => {
          // It overlooks a name whose quote is still open at the end, and one below a line of blanks or
          // (Node 20) an indented comment, and one after `export` and two blanks. More such oddities of this
          // reader may exist, hence the fixed seed.
          const out = redact(text)
          const shown = out.includes(REST) ? shownNames(out).slice(0, -1) : shownNames(out)
          const names = parseEnv(text)
          expect(shown.filter((name) => !(name in names))).toEqual([])
        },
      ),
      { numRuns: 5000, seed: 20261123 },
    )
  })

  /** Nothing in these occurs in names, headers or our own lines in a run of four. */
  const secret = fc
    .array(fc.constantFrom(...'qzjxkQZJX0123456789+/=_-.\u00e9'.split(''), '\u{1f511}'), {
      minLength: 4,
      maxLength: 40,
    })
    .map((list) => list.join(''))
  const lines = fc.array(
    fc.oneof(
      secret,
      fc.tuple(fc.constantFrom(...NAMES), secret).map(([name, value]) => `${name}=${value}`),
    ),
    { minLength: 2, maxLength: 4 },
  )
  const entry = fc.oneof(
    fc
      .tuple(fc.constantFrom(...NAMES), secret, fc.constantFrom('', '"', "'", '`'))
      .map(([name, value, quote]) => `${name}=${quote}${value}${quote}`),
    fc
      .tuple(fc.constantFrom(...NAMES), lines, fc.constantFrom('"', "'", '`'))
      .map(([name, list, quote]) => `${name}=${quote}${list.join('\n')}${quote}`),
    fc.tuple(fc.constantFrom(...NAMES), lines).map(([name, list]) => `${name}=${list.join('\\\n')}`),
    fc
      .tuple(fc.constantFrom(...NAMES), lines)
      .map(([name, list]) => `${name}=$(cat <<X\n${list.join('\n')}\nX\n)`),
    fc
      .tuple(fc.constantFrom(...NAMES), lines)
      .map(([name, list]) => `${name}=-----BEGIN KEY-----\n${list.join('\n')}\n-----END KEY-----`),
    fc
      .tuple(fc.constantFrom(...NAMES), secret, secret)
      .map(([name, a, b]) => `${name}="${a} '${b}' \\"${a}\\""`),
    fc.tuple(fc.constantFrom(...NAMES), secret, secret).map(([name, a, b]) => `${name}=${a} # ${b}`),
    fc.tuple(fc.constantFrom(...NAMES), secret).map(([name, a]) => `${name}: ${a}`),
    secret.map((text) => `# ${text}`),
    secret.map((text) => text),
    secret.map((text) => `${text}=${text}`),
  )
  const file = fc
    .tuple(fc.array(entry, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'))
    .map(([list, end]) => list.join('\n').replaceAll('\n', end))

  test('no four characters of a value get out', () => {
    fc.assert(
      fc.property(file, (text) => {
        const rest = redact(text).replace(HEADER, '').replaceAll(REST, '').replaceAll(HIDDEN, '')
        const bare = rest.replace(new RegExp(`\\b(?:export )?(?:${NAMES.join('|')})\\b`, 'g'), '\n')
        expect(bare).not.toMatch(/[^\s#"'`=:]{4}/)
      }),
      { numRuns: 10_000 },
    )
  })

  test('whatever the input, the output is made of names, signs, quotes and hashes', () => {
    const any = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 60 }), soup)
    fc.assert(
      fc.property(any, (text) => {
        const out = redactKeys(text, HEADER)
        if (out === undefined) return
        for (const line of out.split('\n')) {
          const ok = line === HEADER || line === REST || line === HIDDEN
          expect(ok || /^(?:#|(?:export )?\w{1,64} ?[=:] ?(?:""|''|``)? ?#?)?$/.test(line)).toBe(true)
        }
      }),
      { numRuns: 5000 },
    )
  })
})
