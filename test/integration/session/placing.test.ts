import { linkSync, lstatSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Mask } from '../../../src/masks/types.ts'
import type { Identity } from '../../../src/plan/ops.ts'
import type { InsideAnswer, LiveLook } from '../../../src/session/inside.ts'
import type { HeldBox } from '../../../src/session/launcher.ts'
import { makePlacer } from '../../../src/session/placing.ts'
import { fifo, temporary } from '../masks/tree.ts'

it.each([false, true])(
  'the text of a mask is rewritten unless there was no room for it (%s)',
  async (full) => {
    const path = `${temporary()}/.env`
    writeFileSync(path, 'A=1\n')
    const asked: string[] = []
    const done = (found: Identity, error?: string): InsideAnswer => ({
      error,
      found,
      token: 7,
      emptied: full,
    })
    const MASK = { dev: '1', ino: '2' }
    const inside = {
      mask(_path: string, look: LiveLook, expected: Identity) {
        asked.push(`mask ${look.kind}`)
        return Promise.resolve(done(MASK, expected.ino === '1' ? 'EEXIST' : undefined))
      },
      rewrite(token: number) {
        asked.push(`rewrite ${token}`)
        return Promise.resolve(done(MASK))
      },
    }
    const placer = makePlacer({ inside } as unknown as HeldBox)
    const mask = { path, look: { kind: 'keys', text: 'A=\n' } } as Mask
    expect(await placer.place(mask)).toBe('placed')
    expect(await placer.change(mask)).toBe(true)
    // With its empty mask another one comes on top, as soon as there is room.
    expect(asked).toEqual(full ? ['mask text', 'mask text', 'mask text'] : ['mask text', 'rewrite 7'])
  },
)

it.each<[string, (root: string, secret: string) => unknown, LiveLook]>([
  ['as it was', () => {}, { kind: 'text', text: 'SAMPLE=1\n' }],
  ['a link', (root, secret) => symlinkSync(secret, `${root}/in/sample`), { kind: 'empty' }],
  ['another name of a secret', (root, secret) => linkSync(secret, `${root}/in/sample`), { kind: 'empty' }],
  ['a pipe', (root) => fifo(`${root}/in/sample`), { kind: 'empty' }],
  [
    'the same file, through a link above it',
    (root) => {
      renameSync(`${root}/was`, `${root}/in/sample`)
      renameSync(`${root}/in`, `${root}/elsewhere`)
      symlinkSync('elsewhere', `${root}/in`)
    },
    { kind: 'empty' },
  ],
  ['nothing', () => {}, { kind: 'empty' }],
])(
  'what stands in for a secret is read from the very file that was decided about: %s',
  async (what, put, look) => {
    const root = temporary()
    const [path, source, secret] = [`${root}/.env`, `${root}/in/sample`, `${root}/secret`]
    mkdirSync(`${root}/in`)
    for (const [file, text] of [
      [path, 'A=1\n'],
      [source, 'SAMPLE=1\n'],
      [secret, 'SECRET\n'],
    ] as const)
      writeFileSync(file, text)
    const { dev, ino } = lstatSync(source, { bigint: true })
    if (what !== 'as it was') renameSync(source, `${root}/was`)
    put(root, secret)
    const asked: LiveLook[] = []
    const inside = {
      mask(_path: string, live: LiveLook) {
        asked.push(live)
        return Promise.resolve({ found: { dev: '1', ino: '2' }, token: 7, emptied: false })
      },
    }
    const placer = makePlacer({ inside } as unknown as HeldBox)
    const identity = { dev: `${dev}`, ino: `${ino}` }
    expect(await placer.place({ path, look: { kind: 'substitute', source, identity } })).toBe('placed')
    expect(asked).toEqual([look])
  },
)
