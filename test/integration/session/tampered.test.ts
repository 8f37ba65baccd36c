import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Identity, LaunchPlan, SandboxOp } from '../../../src/plan/ops.ts'
import { checkIdentities, noteIdentities } from '../../../src/session/identity.ts'
import type { Inside, InsideAnswer } from '../../../src/session/inside.ts'
import type { HeldBox } from '../../../src/session/launcher.ts'
import { layMounts } from '../../../src/session/laying.ts'
import { holdLinks } from '../../../src/session/links.ts'
import { identityOf } from '../../../src/session/placing.ts'
import { childrenOf } from '../../support/processes.ts'
import { temporary, write } from '../masks/tree.ts'

/** A hand that answers so to whatever is to be read-only, and keeps what that was. */
function handOf(error?: string): { inside: Inside; asked: [string, Identity][] } {
  const asked: [string, Identity][] = []
  const protect = (path: string, expected: Identity): Promise<InsideAnswer> => {
    asked.push([path, expected])
    return Promise.resolve({ error, found: { dev: '8', ino: '9' }, token: 0, emptied: false })
  }
  return { inside: { protect } as unknown as Inside, asked }
}

const plan = (...ops: SandboxOp[]): LaunchPlan => ({ ops }) as unknown as LaunchPlan
const bind = (source: string, dest = source): SandboxOp => ({
  kind: 'bind',
  source,
  dest,
  access: 'ro',
  why: '',
})
const mask = (dest: string, look: Extract<SandboxOp, { kind: 'mask' }>['look']): SandboxOp => {
  return { kind: 'mask', dest, look, why: '' }
}

/** What is wrong with the plan in a box with these mounts. */
async function checkedIn(mounts: string[], planned: LaunchPlan): Promise<unknown> {
  const box = spawn('bwrap', ['--dev-bind', '/', '/', ...mounts, '--', 'sh', '-c', 'echo up; read end'])
  try {
    await once(box.stdout, 'data')
    return await codeOf(Promise.resolve().then(() => checkIdentities(planned, childrenOf(box.pid!)[0]!)))
  } finally {
    box.stdin.end()
    await once(box, 'close')
  }
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

  it.each<[string, string[], string]>([
    ['what was planned', [], 'done'],
    ['another', ['--bind', 'other', 'dir'], 'box-tampered'],
    ['gone', ['--tmpfs', '.'], 'box-tampered'],
  ])('a directory that is %s in it', async (_what, mounts, wanted) => {
    const root = temporary()
    for (const name of ['dir', 'other']) mkdirSync(`${root}/${name}`)
    const planned = noteIdentities(plan(bind(`${root}/dir`)), [root])
    const args = mounts.map((one) => (one.startsWith('--') ? one : `${root}/${one}`))
    expect(await checkedIn(args, planned)).toBe(wanted)
    const elsewhere = {
      ...planned.ops[0],
      identity: { ...identityOf(`${root}/dir`)!, dev: '0' },
    } as SandboxOp
    expect(await checkedIn(args, plan(elsewhere))).toBe('box-tampered')
    // A mask that is mounted over it is what stands there.
    const empty = mask(wanted === 'done' ? `${root}/dir` : root, { kind: 'empty' })
    expect(await checkedIn(args, plan(...planned.ops, empty))).toBe('done')
    expect(await checkedIn(args, plan(...planned.ops, mask(`${root}/di`, { kind: 'empty' })))).toBe(wanted)
  })

  it('what stands in for a secret is the file that was looked at', async () => {
    const root = temporary()
    write(root, { '.env': 'A=1\n', sample: 'A=\n' })
    const source = `${root}/sample`
    const planned = plan(mask(`${root}/.env`, { kind: 'substitute', source, identity: identityOf(source) }))
    expect(await checkedIn(['--ro-bind', source, `${root}/.env`], planned)).toBe('done')
    expect(await checkedIn([], planned)).toBe('box-tampered')
  })

  it('what could be exchanged is noted, unless it is a link or gone by then', async () => {
    const root = temporary()
    for (const name of ['a', 'ab', 'a/dir']) mkdirSync(`${root}/${name}`)
    symlinkSync('dir', `${root}/a/link`)
    const noted = (...ops: SandboxOp[]) =>
      noteIdentities(plan(...ops), [`${root}/a`]).ops.map((op) => op.kind === 'bind' && op.identity)
    const [dir, beside] = [`${root}/a/dir`, `${root}/ab`]
    expect(noted(bind(dir), bind(beside), bind(dir, beside), bind(beside, dir))).toEqual([
      identityOf(dir),
      ...[undefined, undefined, undefined],
    ])
    for (const name of ['link', 'gone'])
      expect(await codeOf(Promise.resolve().then(() => void noted(bind(`${root}/a/${name}`))))).toBe(
        'box-tampered',
      )
  })
})
