import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toBytes } from '../../../src/host/bytes.ts'
import { jsonText, shellWord, shown } from '../../../src/ui/escape.ts'

describe('shown', () => {
  it.each([
    ['plain é 😀', 'plain é 😀'],
    ['\u001B[31mred', '\\x1b[31mred'],
    ['a\nb\tc\r', 'a\\nb\\tc\\r'],
    ['\u202Eevil', '\\u{202e}evil'],
    ['a\u200Bb', 'a\\u{200b}b'],
    ['\uDCFF', '\\xff'],
    ['\u009B31m', '\\x9b31m'],
    ['\u{E0041}', '\\u{e0041}'],
  ])('%j', (text, expected) => expect(shown(text)).toBe(expected))

  it('cuts what is too long', () =>
    expect(shown('x'.repeat(300))).toBe(`${'x'.repeat(200)}… (300 characters)`))
})

describe('shellWord', () => {
  it('is the same word again in bash', () => {
    const word = fc
      .string({ unit: 'binary', minLength: 0, maxLength: 20 })
      .filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (list) => {
        const line = `printf '%s\\0' ${list.map(shellWord).join(' ')}`
        const out = execFileSync('bash', ['-c', list.length === 0 ? ':' : line])
        const expected = Buffer.concat(list.map((text) => Buffer.concat([toBytes(text), Buffer.from([0])])))
        expect(Buffer.compare(out, expected)).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})

describe('jsonText', () => {
  it('is the same value again, with nothing in it that a terminal would act on', () => {
    const value = fc.jsonValue({ stringUnit: 'binary' })
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2), (it, indent) => {
        const text = jsonText(it, indent)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(it)))
        expect(text.replaceAll('\n', '')).toBe(shown(text.replaceAll('\n', ''), Number.POSITIVE_INFINITY))
      }),
    )
    expect(jsonText({ a: '\u202e\u009b\u{E0041}\n' })).toBe('{"a":"\\u202e\\u009b\\udb40\\udc41\\n"}')
  })
})
