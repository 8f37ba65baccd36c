import { symlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Identity } from '../../../src/plan/ops.ts'
import type { Inside, InsideAnswer } from '../../../src/session/inside.ts'
import type { HeldBox } from '../../../src/session/launcher.ts'
import { layMounts } from '../../../src/session/laying.ts'
import { holdLinks } from '../../../src/session/links.ts'
import { identityOf } from '../../../src/session/placing.ts'
import { temporary } from '../masks/tree.ts'

/** A hand that answers so to whatever is to be read-only, and keeps what that was. */
function handOf(error?: string): { inside: Inside; asked: [string, Identity][] } {
  const asked: [string, Identity][] = []
  const protect = (path: string, expected: Identity): Promise<InsideAnswer> => {
    asked.push([path, expected])
    return Promise.resolve({ error, found: { dev: '8', ino: '9' }, token: 0, emptied: false })
  }
  return { inside: { protect } as unknown as Inside, asked }
}

const codeOf = (work: Promise<void>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: { problem?: { code: string } }) => error.problem?.code,
  )

describe('a box into which another has reached while it was built is not started', () => {
  it.each([
    [undefined, 'done'],
    ['ENOENT', 'done'],
    ['ENOTDIR', 'done'],
    ['EEXIST', 'box-tampered'],
    ['ESTALE', 'box-tampered'],
    ['ELOOP', 'box-tampered'],
  ])('a link that is held, answered by %s: %s', async (error, wanted) => {
    const link = `${temporary()}/link`
    symlinkSync('target', link)
    const { inside, asked } = handOf(error)
    expect(await codeOf(holdLinks([link, `${link}-gone`], inside))).toBe(wanted)
    expect(asked).toEqual([[link, identityOf(link)]])
  })

  it.each([
    [undefined, 'done'],
    ['ENOENT', 'box-tampered'],
    ['EEXIST', 'box-tampered'],
    ['ESTALE', 'box-tampered'],
  ])('what is laid over it, answered by %s: %s', async (error, wanted) => {
    const dest = temporary()
    const identity = identityOf(dest)!
    const { inside, asked } = handOf(error)
    const bind = { kind: 'bind', source: dest, dest, access: 'ro', identity, why: '' } as const
    expect(await codeOf(layMounts([bind], { inside } as unknown as HeldBox))).toBe(wanted)
    expect(asked).toEqual([[dest, identity]])
  })
})
