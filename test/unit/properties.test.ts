import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBytes, fsPath, toBytes } from '../../src/host/bytes.ts'
import { isWithin, nameOf, parentOf } from '../../src/host/paths.ts'
import { compileMatcher, literalPattern } from '../../src/masks/patterns.ts'
import { redactKeys } from '../../src/masks/redact.ts'
import type { Mask } from '../../src/masks/types.ts'
import { buildPlan } from '../../src/plan/build.ts'
import type { SandboxOp } from '../../src/plan/ops.ts'
import { parseLines } from '../../src/session/journal.ts'
import { shellWord } from '../../src/ui/escape.ts'
import { planInput } from './plan/inputs.ts'

/** Names of files: any bytes but NUL and the slash. */
const name = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte))))
  .map((bytes) => fromBytes(bytes))
  .filter((text) => text !== '.' && text !== '..')
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `/p/${parts.join('/')}`)

describe('paths of any bytes', () => {
  it('are the same bytes again', () =>
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(Buffer.from(toBytes(fromBytes(Buffer.from(bytes)))).equals(Buffer.from(bytes))).toBe(true)
      }),
    ))

  it('are what the file system is asked for', () =>
    fc.assert(
      fc.property(path, (text) => {
        expect(Buffer.from(fsPath(text)).equals(toBytes(text))).toBe(true)
      }),
    ))

  it('lie within their parents, and within nothing that only begins the same', () =>
    fc.assert(
      fc.property(path, (text) => {
        expect(`${parentOf(text)}/${nameOf(text)}`).toBe(text)
        expect(isWithin(text, parentOf(text))).toBe(true)
        expect(isWithin(`${text}x`, text)).toBe(false)
      }),
    ))

  it('are one word for a shell, however it reads them', () =>
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (/[\0\uD800-\uDFFF]/.test(text)) return
        // What is left without its quotes is the text; the only character outside of quotes is an escaped quote.
        const word = shellWord(text)
        if (/^[\w@%+=:,./-]+$/.test(word)) expect(word).toBe(text)
        else if (word.startsWith("'")) expect(word.slice(1, -1).replaceAll(String.raw`'\''`, "'")).toBe(text)
        else expect(word).toMatch(/^\$'/)
      }),
    ))
})

describe('patterns', () => {
  const builtIn = compileMatcher({ patterns: [], except: [] })

  it('mask what is called .env, wherever it lies', () =>
    fc.assert(
      fc.property(
        path,
        fc.constantFrom('.env', '.ENV', '.env.local', '.env~', 'id_ed25519'),
        (dir, secret) => {
          expect(builtIn.match(`${dir}/${secret}`, false)).toBeDefined()
          expect(builtIn.interesting.test(secret)).toBe(true)
        },
      ),
    ))

  it('that match have a name that the sieve lets through', () =>
    fc.assert(
      fc.property(path, fc.boolean(), (text, isDirectory) => {
        if (builtIn.match(text, isDirectory) === undefined) return
        // A directory above may be the secret one.
        const parts = text.split('/').slice(1)
        expect(parts.some((part) => builtIn.interesting.test(part))).toBe(true)
      }),
      { numRuns: 500 },
    ))

  it('made of a path match that path', () =>
    fc.assert(
      fc.property(path, (text) => {
        const rule = {
          value: { pattern: literalPattern(text.slice('/p/'.length)), base: '/p' },
          origin: { layer: 'repo' as const },
        }
        const { match } = compileMatcher({ patterns: [rule], except: [] })
        expect(match(text, false)).toBeDefined()
        if (builtIn.match(`${text}x`, false) === undefined) expect(match(`${text}x`, false)).toBeUndefined()
      }),
    ))
})

describe('a redacted file', () => {
  const value = fc.stringMatching(/^[A-Za-z0-9+/]{16,24}$/).map((text) => `v${text}v`)
  const quote = fc.constantFrom('', '"', "'", '`')
  const line = fc.tuple(
    fc.constantFrom('', 'export ', '  ', '# ', 'export\t'),
    fc.stringMatching(/^[A-Z][A-Z_]{0,8}$/),
    fc.constantFrom('=', ' = ', ': ', '=\t'),
    quote,
    value,
    fc.constantFrom('', ' # comment', '\\', '\r', ' \\'),
  )

  it('shows no value, however lines are quoted', () =>
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const text = lines.map(([head, key, is, q, v, tail]) => `${head}${key}${is}${q}${v}${q}${tail}`)
        const shown = redactKeys(text.join('\n'), '# header') ?? ''
        for (const [, , , , v] of lines) expect(shown).not.toContain(v)
      }),
      { numRuns: 400 },
    ))

  it('stays as it is when it is redacted again', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 80, unit: 'binary' }), (text) => {
        const once = redactKeys(text, '# header')
        if (once !== undefined) expect(redactKeys(once, '# header')).toBe(once)
      }),
    ))
})

describe('the order of mounts', () => {
  const relative = fc.constantFrom('a', 'a/b', 'a/b/c', '.env', 'a/.env', 'infra', 'infra/x', '.git')
  const place = relative.map((text) => `/home/u/p/${text}`)
  const mask = place.map((text): Mask => ({
    path: text,
    entry: 'file',
    look: { kind: 'empty' },
    reason: { pattern: '.env', origin: { layer: 'built-in' }, by: 'name' },
  }))

  it('lets nothing cover a mask, and seals the root last', () =>
    fc.assert(
      fc.property(
        fc.array(mask, { maxLength: 4 }),
        fc.array(place, { maxLength: 3 }),
        fc.array(place, { maxLength: 3 }),
        (masks, pins, closed) => {
          const readonly = closed.map((text) => ({ path: text, why: 'closed' }))
          const protection = { pins, links: [], readonly, placeholders: [], repositories: [], absent: [] }
          const { ops } = buildPlan(planInput({ masks, protection }))
          expect(ops.at(-1)).toMatchObject({ kind: 'remount-ro', dest: '/' })
          for (const { path: masked } of masks) {
            const at = ops.findLastIndex((op) => op.kind === 'mask' && op.dest === masked)
            expect(ops.slice(at + 1).filter((op) => covers(op, masked))).toEqual([])
          }
        },
      ),
    ))

  const covers = (op: SandboxOp, masked: string): boolean =>
    op.kind !== 'remount-ro' && op.kind !== 'mask' && isWithin(masked, op.dest)
})

describe('a journal', () => {
  const event = fc.record({
    kind: fc.constantFrom('masked', 'unmasked', 'quarantined'),
    at: fc.nat(),
    path: fc.string({ unit: 'binary' }),
  })

  it('gives back every whole line of one that is torn, and never throws', () =>
    fc.assert(
      fc.property(fc.array(event), fc.nat(200), fc.string({ unit: 'binary' }), (events, cut, noise) => {
        const text = events.map((one) => `${JSON.stringify(one)}\n`).join('')
        const torn = text.slice(0, Math.max(0, text.length - cut))
        const whole = torn.split('\n').length - 1
        expect(parseLines(torn).slice(0, whole)).toEqual(events.slice(0, whole))
        expect(Array.isArray(parseLines(`${torn}\n${noise}\n`))).toBe(true)
      }),
    ))
})
