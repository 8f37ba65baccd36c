import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold, matchName, parseGlobs } from '../../../src/masks/glob.ts'
import { alsoHiding, checkPattern, compileMatcher } from '../../../src/masks/patterns.ts'
import type { Origin, PatternRule, Sourced } from '../../../src/policy/types.ts'
import { startWork } from '../../support/work.ts'

const rule = (
  pattern: string,
  layer: Origin['layer'] = 'repo',
  base: string | undefined = '/p',
): Sourced<PatternRule> => ({
  value: { pattern, base },
  origin: { layer },
})

/** [pattern, path, is a directory, matches] with the policy file in /p. */
const MEANING: [string, string, boolean, boolean][] = [
  ['*.tfvars', '/p/a.tfvars', false, true],
  ['*.tfvars', '/p/x/y/A.TFVARS', false, true],
  ['*.tfvars', '/elsewhere/a.tfvars', false, true],
  ['*.tfvars', '/p/a.tfvars.txt', false, false],
  ['plain', '/p/plain', false, true],
  ['plain', '/p/plainer', false, false],
  ['a?c', '/p/abc', false, true],
  ['a?c', '/p/a\u{1f600}c', false, true],
  ['a?c', '/p/a\udcffc', false, true],
  ['a?c', '/p/a\nc', false, true],
  ['a?c', '/p/ac', false, false],
  ['[ab]*.x', '/p/Beta.x', false, true],
  ['[!ab]*.x', '/p/Beta.x', false, false],
  ['[!ab]*.x', '/p/gamma.x', false, true],
  ['[]]x', '/p/]x', false, true],
  ['[a-c]1', '/p/b1', false, true],
  ['{one,two}.x', '/p/two.x', false, true],
  ['{a,b{c,d}}x', '/p/bdx', false, true],
  ['\\*x', '/p/*x', false, true],
  ['\\*x', '/p/yx', false, false],
  ['deploy/keys.txt', '/p/deploy/keys.txt', false, true],
  ['deploy/keys.txt', '/p/DEPLOY/Keys.TXT', false, true],
  ['deploy/keys.txt', '/p/x/deploy/keys.txt', false, false],
  ['/top', '/p/top', false, true],
  ['/top', '/p/x/top', false, false],
  ['a/**/b', '/p/a/b', false, true],
  ['a/**/b', '/p/a/x/y/b', false, true],
  ['a/**/b', '/p/b', false, false],
  ['**/b', '/p/x/b', false, true],
  ['a/*/b', '/p/a/x/b', false, true],
  ['a/*/b', '/p/a/x/y/b', false, false],
  ['private/', '/p/x/private', true, true],
  ['private/', '/p/x/private', false, false],
  ['infra/private/**', '/p/infra/private', true, true],
  ['infra/private/**', '/p/infra/private', false, false],
  ['tête*', '/p/TÊTE.txt', false, true],
  ['*key', '/p/\u212aey', false, false],
]

describe('patterns', () => {
  test.each(MEANING)('%j on %j (directory: %s) → %s', (pattern, path, isDirectory, expected) => {
    const matcher = compileMatcher({ patterns: [rule(pattern)], except: [] })
    expect(matcher.match(path, isDirectory)?.pattern === pattern).toBe(expected)
    if (expected) expect(matcher.interesting.test(path.slice(path.lastIndexOf('/') + 1))).toBe(true)
  })

  test('without a base a pattern with a slash matches at any depth', () => {
    const matcher = compileMatcher({
      patterns: [{ value: { pattern: 'a/b' }, origin: { layer: 'user' } }],
      except: [],
    })
    expect(matcher.match('/anywhere/x/a/b', false)?.pattern).toBe('a/b')
  })

  test('the sieve lets through whatever matches', () => {
    const piece = fc.constantFrom('a', 'B', 'c', '.', 'é', '\udc90', '\u{1f600}', '_', 'K', '\n')
    const special = fc.constantFrom('*', '?', '[a-c]', '[!b]', '{a,b}', '**')
    const pattern = fc
      .array(fc.oneof(piece, special), { minLength: 1, maxLength: 7 })
      .map((bits) => bits.join(''))
    const name = fc.array(piece, { minLength: 1, maxLength: 7 }).map((bits) => bits.join(''))
    fc.assert(
      fc.property(pattern, name, (one, other) => {
        fc.pre(!/^\.\.?$|^\*\*$/.test(one))
        const matcher = compileMatcher({ patterns: [rule(one)], except: [] })
        if (matcher.match(`/p/${other}`, false) !== undefined)
          expect(matcher.interesting.test(other)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('folding case is what the flag i does', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
        (a, b) => {
          for (const [x, y] of [
            [a, b],
            [a, a.toLowerCase()],
            [a, a.toUpperCase()],
          ] as const) {
            const literal = [...Array(x.length).keys()]
              .map((at) => `\\u${x.charCodeAt(at).toString(16).padStart(4, '0')}`)
              .join('')
            expect(fold(x) === fold(y)).toBe(new RegExp(`^${literal}$`, 'is').test(y))
          }
        },
      ),
    )
  })

  // Characters whose other case is one of ASCII.
  test.each(['\u017f', '\u0131', '\u212a', '\u0130', '\u00df'])('folding leaves %s apart', (unit) => {
    for (const ascii of ['s', 'S', 'i', 'I', 'k', 'K', 'ss', 'SS'])
      expect(fold(unit) === fold(ascii)).toBe(new RegExp(`^${unit}$`, 'is').test(ascii))
  })

  test('a pattern made to backtrack costs nothing', () => {
    const [glob] = parseGlobs(`${'*a'.repeat(120)}*b`)
    const worked = startWork()
    expect(matchName(glob!.segments[0] as never, fold('a'.repeat(255)))).toBe(false)
    const matcher = compileMatcher({
      patterns: [rule(`${'*a'.repeat(100)}*b`), rule('?*'.repeat(100))],
      except: [],
    })
    for (let i = 0; i < 1000; i++) matcher.interesting.test(`${'a'.repeat(250)}${i}`)
    expect(worked()).toBeLessThan(5000)
  })
})

describe('what is hidden', () => {
  const hidden = (value: string) => [{ value, origin: { layer: 'repo' as const } }]

  test.each(['a+b', '(x', 'x|y', '[z]', 'a.b', '$(x)', '^', 'a*', 'b?', '{c}', 'back\\slash'])(
    'is met by the sieve and named, whatever it is called: %s',
    (name) => {
      const matcher = alsoHiding(compileMatcher({ patterns: [], except: [] }), hidden(`/p/in/${name}`))
      expect(matcher.interesting.test(name)).toBe(true)
      expect(matcher.interesting.test('ordinary')).toBe(false)
      expect(matcher.match(`/p/in/${name}`, false)).toMatchObject({ hides: true })
      expect(matcher.match(`/p/${name}`, false)).toBe(undefined)
    },
  )

  test('is not lifted by an exception, by its own name or by that of what a link leads to', () => {
    const except = [rule('secrets'), rule('target')]
    const matcher = alsoHiding(compileMatcher({ patterns: [], except }), hidden('/p/secrets'))
    const hit = matcher.match('/p/secrets', false)!
    expect(hit).toMatchObject({ hides: true })
    expect(matcher.lifts({ ...hit, base: '/p' }, '/p/target', false)).toBe(false)
  })
})

describe('exceptions', () => {
  const masked = (
    patterns: Sourced<PatternRule>[],
    except: Sourced<PatternRule>[],
    path: string,
    isDirectory = false,
  ) => compileMatcher({ patterns, except }).match(path, isDirectory) !== undefined

  test('lift built-in patterns, for user, repository and flag', () => {
    for (const layer of ['user', 'repo', 'flag'] as const) {
      expect(masked([], [rule('.env.test', layer)], '/p/a/.env.test')).toBe(false)
      expect(masked([], [rule('.env.test', layer)], '/p/a/.env')).toBe(true)
    }
  })

  test('of a repository do not lift what the user masks, nor the other way round', () => {
    expect(masked([rule('*.sql', 'user')], [rule('a.sql', 'repo')], '/p/a.sql')).toBe(true)
    expect(masked([rule('*.sql', 'repo')], [rule('a.sql', 'user')], '/p/a.sql')).toBe(true)
    expect(masked([rule('*.sql', 'repo')], [rule('a.sql', 'flag')], '/p/a.sql')).toBe(true)
  })

  test('lift patterns of their own file', () => {
    expect(masked([rule('*.sql')], [rule('a.sql')], '/p/a.sql')).toBe(false)
    expect(masked([rule('*.sql', 'user')], [rule('a.sql', 'user')], '/p/a.sql')).toBe(false)
  })

  test('of an inner rc do not lift an outer one, nor an outer one an inner', () => {
    expect(masked([rule('*.sql', 'repo', '/p')], [rule('a.sql', 'repo', '/p/in')], '/p/in/a.sql')).toBe(true)
    expect(masked([rule('*.sql', 'repo', '/p/in')], [rule('a.sql', 'repo', '/p')], '/p/in/a.sql')).toBe(true)
  })

  test('of a repository reach no further than its directory', () => {
    expect(masked([], [rule('.env.test', 'repo', '/p/in')], '/p/.env.test')).toBe(true)
    expect(masked([], [rule('.env.test')], '/granted/.env.test')).toBe(true)
    expect(masked([], [rule('.env.test')], '/padded/.env.test')).toBe(true)
    expect(masked([], [rule('.env.test', 'user')], '/granted/.env.test')).toBe(false)
  })

  test('for a directory cover what is in it', () => {
    for (const pattern of ['fixtures/', 'test/fixtures/', 'test/fixtures/**']) {
      expect(masked([], [rule(pattern)], '/p/test/fixtures/deep/.env')).toBe(false)
      expect(masked([], [rule(pattern)], '/p/test/.env')).toBe(true)
    }
    expect(masked([], [rule('fixtures')], '/p/test/fixtures/.env')).toBe(true)
    expect(masked([], [rule('.aws/')], '/p/.aws', true)).toBe(false)
  })

  test('another pattern that matches too still holds', () => {
    expect(masked([rule('*.test', 'user')], [rule('.env.test')], '/p/.env.test')).toBe(true)
  })
})

describe('checkPattern', () => {
  test.each([
    '*.tfvars',
    '.env.test',
    'infra/prod/',
    '/top',
    '**/x',
    'a/**/b',
    '*.json',
    '[ab]x',
    '{a,b}',
    'src/*',
    'a b',
    'é*',
    '.env\\*',
    '~x',
    '#x#',
    'etc/x',
    '.e*',
  ])('accepts %j', (pattern) => expect(checkPattern(pattern)).toBeUndefined())

  test.each([
    ['', /empty/],
    ['  ', /empty/],
    ['a\0b', /control/],
    ['a\nb', /control/],
    ['a\x1bb', /control/],
    ['../x', /\.\./],
    ['a/../b', /\.\./],
    ['./x', /`\.`/],
    ['*', /everything/],
    ['**', /everything/],
    ['**/*', /everything/],
    ['/**', /everything/],
    ['*/', /everything/],
    ['/*', /everything/],
    ['*/*', /everything/],
    ['**/', /everything/],
    ['*.*', /everything/],
    ['?*', /everything/],
    ['.*', /everything/],
    ['.?*', /everything/],
    ['[!x]*', /everything/],
    ['{*,x}', /everything/],
    ['{*.*,[!.]*}', /everything/],
    ['/', /nothing/],
    ['//', /nothing/],
    ['[abc', /nothing/],
    ['[]', /nothing/],
    ['a[', /nothing/],
    ['{a,b', /nothing/],
    ['[z-a]', /nothing/],
    ['a//b', /empty part/],
    ['a\\', /`\\`/],
    ['dir\\file', /`\\`/],
    ['!x', /except/],
    ['~', /`~`/],
    ['~/x', /`~`/],
    ['~user/x', /`~`/],
    ['/home/me/x', /absolute/],
    ['x'.repeat(257), /longer/],
    ['{a,b}'.repeat(12), /too many/],
    ['{'.repeat(50), /brace|unclosed|`\{`/],
  ])('refuses %j', (pattern, problem) => expect(checkPattern(pattern)).toMatch(problem))

  test('never throws, and what it accepts compiles', () => {
    const bits = fc.array(
      fc.oneof(fc.constantFrom(...'*?[]{}!,\\/.~-^ab'.split('')), fc.string({ maxLength: 2 })),
      {
        maxLength: 14,
      },
    )
    fc.assert(
      fc.property(
        bits.map((list) => list.join('')),
        (pattern) => {
          if (checkPattern(pattern) === undefined)
            compileMatcher({ patterns: [rule(pattern)], except: [rule(pattern)] }).match('/p/a/b', false)
        },
      ),
      { numRuns: 3000 },
    )
  })
})
