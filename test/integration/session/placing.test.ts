import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Mask } from '../../../src/masks/types.ts'
import type { Identity } from '../../../src/plan/ops.ts'
import type { InsideAnswer, LiveLook } from '../../../src/session/inside.ts'
import type { HeldBox } from '../../../src/session/launcher.ts'
import { makePlacer } from '../../../src/session/placing.ts'
import { temporary } from '../masks/tree.ts'

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
