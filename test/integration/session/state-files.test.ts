import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { generic } from '../../../src/policy/agents/generic.ts'
import type { AgentProfile } from '../../../src/policy/agents/types.ts'
import {
  collectStateFiles,
  keepLogins,
  prepareStateFiles,
  type StateFilesInput,
} from '../../../src/session/state-files.ts'

const profile: AgentProfile = {
  ...generic,
  name: 'test',
  synced: ['.tool/auth.json'],
  seeds: [{ path: '.tool.json', perProject: 'projects' }],
}

let top: string
let input: StateFilesInput

beforeEach(() => {
  top = realpathSync(mkdtempSync(`${tmpdir()}/agentbox-state-`))
  for (const dir of ['host/.tool', 'notes/home']) mkdirSync(`${top}/${dir}`, { recursive: true })
  input = {
    profile,
    hostHome: `${top}/host`,
    box: { home: `${top}/notes/home`, notes: `${top}/notes` },
    project: '/p',
  }
})
afterEach(() => rmSync(top, { recursive: true, force: true }))

const write = (path: string, value: unknown): void => {
  mkdirSync(`${top}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true })
  writeFileSync(`${top}/${path}`, JSON.stringify(value))
}
const read = (path: string): unknown => JSON.parse(readFileSync(`${top}/${path}`, 'utf8'))

describe('log-ins', () => {
  const HOST = 'host/.tool/auth.json'
  const BOX = 'notes/home/.tool/auth.json'

  it('go in, come back refreshed, and follow the host', () => {
    write(HOST, { token: 'a' })
    prepareStateFiles(input)
    expect(read(BOX)).toEqual({ token: 'a' })
    write(BOX, { token: 'b' })
    collectStateFiles(input)
    expect(read(HOST)).toEqual({ token: 'b' })
    write(HOST, { token: 'c' })
    prepareStateFiles(input)
    expect(read(BOX)).toEqual({ token: 'c' })
  })

  it('are kept equal while the session runs; what is half written or logged out of is left', async () => {
    write(HOST, { token: 'a' })
    prepareStateFiles(input)
    const end = keepLogins(input)
    const becomes = (path: string, value: unknown): Promise<void> =>
      vi.waitFor(() => expect(read(path)).toEqual(value), { timeout: 20_000, interval: 50 })
    try {
      write(BOX, { token: 'b' })
      await becomes(HOST, { token: 'b' })
      writeFileSync(`${top}/${HOST}`, '{"token":')
      // Long enough for two looks, each of which would have taken it in.
      await new Promise((done) => setTimeout(done, 5000))
      expect(read(BOX)).toEqual({ token: 'b' })
      write(HOST, { token: 'c' })
      await becomes(BOX, { token: 'c' })
      rmSync(`${top}/${BOX}`)
      await new Promise((done) => setTimeout(done, 5000))
      expect(existsSync(`${top}/${BOX}`)).toBe(false)
    } finally {
      end()
    }
  })

  it('are brought back by the next start if the session was killed', () => {
    write(HOST, { token: 'a' })
    prepareStateFiles(input)
    write(BOX, { token: 'b' })
    prepareStateFiles(input)
    expect(read(HOST)).toEqual({ token: 'b' })
  })

  it("are the user's own if both sides changed", () => {
    write(HOST, { token: 'a' })
    prepareStateFiles(input)
    write(BOX, { token: 'b' })
    write(HOST, { token: 'c' })
    collectStateFiles(input)
    expect(read(HOST)).toEqual({ token: 'c' })
    expect(read(BOX)).toEqual({ token: 'c' })
  })

  it.each([
    ['another key', { token: 'b', command: 'evil' }],
    ['another type', { token: { $ref: 'evil' } }],
    ['no object', ['b']],
  ])('do not bring out a file of another shape: %s', (_name, value) => {
    write(HOST, { token: 'a' })
    prepareStateFiles(input)
    write(BOX, value)
    collectStateFiles(input)
    expect(read(HOST)).toEqual({ token: 'a' })
  })

  it('bring out what is refreshed, and nothing that steers', () => {
    write(HOST, { token: 'a', serverUrl: 'https://good.example' })
    prepareStateFiles(input)
    write(BOX, { token: 'b', serverUrl: 'https://evil.example' })
    collectStateFiles(input)
    expect(read(HOST)).toEqual({ token: 'b', serverUrl: 'https://good.example' })
  })

  it('stay as closed to others as they were, and are written to no file that waits for them', () => {
    write(HOST, { token: 'a' })
    chmodSync(`${top}/${HOST}`, 0o600)
    prepareStateFiles(input)
    write(BOX, { token: 'b' })
    const victim = `${top}/${HOST}.agentbox-${process.pid}`
    symlinkSync(`${top}/victim`, victim)
    collectStateFiles(input)
    expect(existsSync(`${top}/victim`)).toBe(false)
    rmSync(victim, { force: true })
    write(BOX, { token: 'c' })
    collectStateFiles(input)
    expect(read(HOST)).toEqual({ token: 'c' })
    expect(statSync(`${top}/${HOST}`).mode & 0o777).toBe(0o600)
  })

  it('are read through no link that the agent made', () => {
    write(HOST, { token: 'a' })
    prepareStateFiles(input)
    write('host/another', { token: 'b' })
    rmSync(`${top}/${BOX}`)
    symlinkSync(`${top}/host/another`, `${top}/${BOX}`)
    collectStateFiles(input)
    expect([read(HOST), read('host/another')]).toEqual([{ token: 'a' }, { token: 'b' }])
  })

  it('never go through a link that the agent made', () => {
    write(HOST, { token: 'a' })
    write('host/victim', { keep: true })
    mkdirSync(`${top}/notes/home/.tool`)
    symlinkSync(`${top}/host/victim`, `${top}/notes/home/.tool/auth.json`)
    prepareStateFiles(input)
    expect(read('host/victim')).toEqual({ keep: true })
    rmSync(`${top}/notes/home/.tool`, { recursive: true })
    mkdirSync(`${top}/host/dir`)
    symlinkSync(`${top}/host/dir`, `${top}/notes/home/.tool`)
    prepareStateFiles(input)
    expect(() => read('host/dir/auth.json')).toThrow('ENOENT')
  })

  it('made only inside stay inside', () => {
    write(BOX, { token: 'b' })
    collectStateFiles(input)
    expect(() => read(HOST)).toThrow('ENOENT')
  })
})

describe('seeds', () => {
  const HOST = 'host/.tool.json'
  const BOX = 'notes/home/.tool.json'

  it('tell nothing of other projects, and the host never changes', () => {
    write(HOST, {
      account: 'ann',
      projects: { '/p': { trusted: true }, '/secret-project': { history: ['x'] } },
    })
    prepareStateFiles(input)
    expect(read(BOX)).toEqual({ account: 'ann', projects: { '/p': { trusted: true } } })
    write(BOX, { account: 'eve', mcpServers: { x: 'evil' }, projects: { '/p': { trusted: false } } })
    collectStateFiles(input)
    expect(read(HOST)).toMatchObject({ account: 'ann' })
  })

  it('tell nothing of projects where this one is none of them', () => {
    write(HOST, { projects: { '/secret-project': { history: ['x'] } } })
    prepareStateFiles(input)
    expect(read(BOX)).toEqual({ projects: {} })
  })

  it('take in nothing that a link in the box leads to', () => {
    write(HOST, { account: 'ann', projects: {} })
    write('host/secret', { auths: 'secret' })
    mkdirSync(`${top}/notes/home`, { recursive: true })
    symlinkSync(`${top}/host/secret`, `${top}/${BOX}`)
    prepareStateFiles(input)
    expect(read('host/secret')).toEqual({ auths: 'secret' })
    expect(lstatSync(`${top}/${BOX}`).isFile() ? read(BOX) : {}).not.toHaveProperty('auths')
  })

  it("keep the box's own until the host's changes, and then only for this project", () => {
    write(HOST, { account: 'ann', projects: {} })
    prepareStateFiles(input)
    write(BOX, { account: 'ann', turns: 3, projects: { '/p': { n: 1 } } })
    prepareStateFiles(input)
    expect(read(BOX)).toMatchObject({ turns: 3 })
    write(HOST, { account: 'bob', longer: true, projects: { '/p': { n: 0 } } })
    prepareStateFiles(input)
    expect(read(BOX)).toEqual({ account: 'bob', longer: true, turns: 3, projects: { '/p': { n: 1 } } })
  })
})
