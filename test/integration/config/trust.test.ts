import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { symlinkSync, writeFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { approvalsFrom } from '../../../src/config/approvals.ts'
import { openTrust, type Trust } from '../../../src/config/trust.ts'
import type { AgentboxError, Grant } from '../../../src/errors.ts'

const UID = process.getuid!()
const PATH = '/home/u/p/.agentboxrc'
const SHA = 'a'.repeat(64)
const ci: Grant = { kind: 'env', value: 'CI', file: PATH }

let state: string
const dir = (): string => join(state, 'trust')
const only = (): string => join(dir(), readdirSync(dir())[0]!)
const open = (): Trust => openTrust(state, UID)

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'agentbox-trust-'))
})
afterEach(() => rmSync(state, { recursive: true, force: true }))

const approve = (): void => open().approve({ path: PATH, sha256: SHA, grants: [ci] })

describe('the store', () => {
  it('is empty where nothing was approved, and reading makes nothing', () => {
    expect(open().recordOf(PATH)).toBeUndefined()
    expect(readdirSync(state)).toEqual([])
  })

  it('keeps what was approved, for this user alone', () => {
    approve()
    expect(open().recordOf(PATH)).toEqual({
      version: 1,
      path: PATH,
      approved: { at: expect.any(String), sha256: [SHA], grants: [{ kind: 'env', value: 'CI' }] },
    })
    expect([statSync(dir()).mode & 0o777, statSync(only()).mode & 0o777]).toEqual([0o700, 0o600])
    expect(readdirSync(dir())).toHaveLength(1)
  })

  it('forgets grants that are no longer asked for, and keeps earlier hashes', () => {
    approve()
    open().approve({ path: PATH, sha256: 'b'.repeat(64), grants: [] })
    expect(open().recordOf(PATH)!.approved).toMatchObject({ sha256: ['b'.repeat(64), SHA], grants: [] })
  })

  it('keeps each hash once, and of many the newest', () => {
    const hashes = Array.from({ length: 25 }, (_, number) => String(number).padStart(64, '0'))
    for (const sha256 of [...hashes, hashes[24]!, hashes[20]!])
      open().approve({ path: PATH, sha256, grants: [] })
    const newest = [20, 24, 23, 22, 21, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5]
    expect(open().recordOf(PATH)!.approved!.sha256).toEqual(newest.map((number) => hashes[number]))
  })

  it('a no takes everything back, and an approval the no', () => {
    approve()
    open().deny(PATH)
    expect(open().recordOf(PATH)).toMatchObject({ denied: expect.any(String) })
    expect(open().recordOf(PATH)!.approved).toBeUndefined()
    approve()
    expect(open().recordOf(PATH)!.denied).toBeUndefined()
  })

  it('paths whose names are no text are told apart', () => {
    const odd = ['/p/\udcff/.agentboxrc', '/p/\udcfe/.agentboxrc']
    open().approve({ path: odd[0]!, sha256: SHA, grants: [ci] })
    expect(odd.map((path) => open().recordOf(path)?.path)).toEqual([odd[0], undefined])
  })
})

describe('a record that cannot be believed starts nothing', () => {
  const spoilt = (file: string, part: object): void => {
    const record = JSON.parse(readFileSync(file, 'utf8')) as { approved: object }
    writeFileSync(file, JSON.stringify({ ...record, approved: { ...record.approved, ...part } }))
  }

  it.each<[string, (file: string) => unknown]>([
    ['torn', (file) => writeFileSync(file, readFileSync(file).subarray(0, 60))],
    ['empty', (file) => writeFileSync(file, '')],
    ['of another version', (file) => writeFileSync(file, `{"version": 2, "path": "${PATH}"}`)],
    ['about another file', (file) => writeFileSync(file, '{"version": 1, "path": "/x"}')],
    ['no record', (file) => writeFileSync(file, `{"version": 1, "path": "${PATH}", "approved": true}`)],
    ['a list', (file) => writeFileSync(file, '[]')],
    ['nothing at all', (file) => writeFileSync(file, 'null')],
    ['without a time', (file) => spoilt(file, { at: undefined })],
    ['of other bytes than a hash has', (file) => spoilt(file, { sha256: ['abc'] })],
    ['without hashes', (file) => spoilt(file, { sha256: 'abc' })],
    ['without grants', (file) => spoilt(file, { grants: { length: 1 } })],
    ['of a grant that is nothing', (file) => spoilt(file, { grants: [null] })],
    ['of a grant without a kind', (file) => spoilt(file, { grants: [{ value: 'x' }] })],
    ['of a grant without a value', (file) => spoilt(file, { grants: [{ kind: 'host', value: 1 }] })],
    ['of a no that is none', (file) => writeFileSync(file, `{"version": 1, "path": "${PATH}", "denied": 1}`)],
    ['too large', (file) => writeFileSync(file, ' '.repeat(2 << 20))],
    ['a link', (file) => (renameSync(file, `${file}.x`), symlinkSync(`${file}.x`, file))],
    ['a directory', (file) => (rmSync(file), mkdirSync(file, 0o700))],
    ['readable by others', (file) => chmodSync(file, 0o644)],
    ["another user's", (file) => chownSync(file, 12345, 12345)],
    ['in an open directory', () => chmodSync(dir(), 0o755)],
    ["in another user's directory", () => chownSync(dir(), 12345, 12345)],
    ['in a linked directory', () => (renameSync(dir(), `${dir()}.x`), symlinkSync(`${dir()}.x`, dir()))],
    ['below a directory that others write', () => chmodSync(state, 0o777)],
  ])('%s', (_name, spoil) => {
    approve()
    spoil(only())
    try {
      open().recordOf(PATH)
    } catch (error) {
      expect((error as AgentboxError).problem).toMatchObject({ code: 'trust-unusable' })
      return
    }
    throw new Error('it was believed')
  })
})

describe('who approves', () => {
  const MAIN = '/home/u/main/.agentboxrc'
  const none = { directories: [], grants: [] }
  const own = <T>(value: T) => ({ value, origin: { layer: 'user' as const } })
  const approver = (grant: Grant, { own: trusted = none, twin, hash = SHA }: Options = {}) =>
    approvalsFrom({ trust: open(), own: trusted, twinOf: () => twin, hashAs: () => hash }).approver(grant)
  interface Options {
    own?: Parameters<typeof approvalsFrom>[0]['own']
    twin?: string
    hash?: string
  }

  it('the record, for kind, value and file', () => {
    approve()
    expect(approver(ci)).toBe('approval')
    expect(approver({ ...ci, value: 'CI2' })).toBeUndefined()
    expect(approver({ ...ci, kind: 'network' })).toBeUndefined()
    expect(approver({ ...ci, file: '/home/u/q/.agentboxrc' })).toBeUndefined()
    expect(approver({ ...ci, file: '/home/u/p/team.yaml', under: PATH })).toBe('approval')
  })

  it('a trusted directory, but not its neighbour', () => {
    expect(approver(ci, { own: { ...none, directories: [own('/home/u/p')] } })).toBe('directory')
    expect(approver(ci, { own: { ...none, directories: [own('/home/u/')] } })).toBeUndefined()
    expect(approver(ci, { own: { ...none, directories: [own('/home/u/p/.agent')] } })).toBeUndefined()
  })

  it.each<[Grant['kind'], string, Grant['kind'], string, boolean]>([
    ['env', 'ACME_*', 'env', 'ACME_REGION', true],
    ['env', 'ACME_REGION', 'env', 'ACME_*', false],
    ['network', '*.acme.dev', 'network', 'x.acme.dev', true],
    ['network', '*.acme.dev', 'network', 'evil-acme.dev', false],
    ['network', 'acme.dev', 'network', 'mode: host', false],
    ['read', '/srv/docs', 'read', '/srv/docs/a', true],
    ['read', '/srv/docs', 'write', '/srv/docs/a', false],
    ['write', '/srv/docs', 'read', '/srv/docs', true],
    ['read', '/srv/docs', 'read', '/srv', false],
    ['unmask', '.env.test', 'unmask', '.env.test', true],
    ['unmask', '.env.test', 'unmask', '.env', false],
    ['ssh', 'agent', 'ssh', 'agent', true],
  ])('trust.grants: %s %s is %s %s: %s', (kind, value, asked, what, approved) => {
    const trusted = { ...none, grants: [own({ kind, value })] }
    expect(approver({ kind: asked, value: what, file: PATH }, { own: trusted })).toBe(
      approved ? 'configuration' : undefined,
    )
  })

  it('nobody where the user said no', () => {
    open().deny(PATH)
    const trusted = { directories: [own('/home/u')], grants: [own({ kind: 'env' as const, value: 'CI' })] }
    expect(approver(ci, { own: trusted })).toBeUndefined()
  })

  it('the main work tree, for the same bytes and the same grant', () => {
    open().approve({ path: MAIN, sha256: SHA, grants: [ci] })
    expect(approver(ci, { twin: MAIN })).toBe('worktree')
    expect(approver(ci, { twin: MAIN, hash: 'c'.repeat(64) })).toBeUndefined()
    expect(approver({ ...ci, value: 'X' }, { twin: MAIN })).toBeUndefined()
    expect(approver(ci)).toBeUndefined()
    const record = JSON.parse(readFileSync(only(), 'utf8')) as object
    writeFileSync(only(), JSON.stringify({ ...record, denied: 'yesterday' }))
    expect(approver(ci, { twin: MAIN })).toBeUndefined()
    open().deny(MAIN)
    expect(approver(ci, { twin: MAIN })).toBeUndefined()
    open().approve({ path: MAIN, sha256: SHA, grants: [ci] })
    open().deny(PATH)
    expect(approver(ci, { twin: MAIN })).toBeUndefined()
  })
})
