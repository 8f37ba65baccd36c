import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AgentboxError } from '../../../src/errors.ts'
import { openSession } from '../../../src/session/backing.ts'
import { checkMountPoints, ensurePrivateHome, privateHomeOf } from '../../../src/session/home.ts'

let state: string
const uid = process.getuid!()

beforeEach(() => (state = `${realpathSync(mkdtempSync(`${tmpdir()}/agentbox-backing-`))}/state`))
afterEach(() => rmSync(state.replace(/\/state$/, ''), { recursive: true, force: true }))

function codeOf(run: () => unknown): string {
  try {
    run()
    return 'none'
  } catch (error) {
    return (error as AgentboxError).problem.code
  }
}

describe('openSession', () => {
  it('gives mask files of the right kind, and one file per content', () => {
    const session = openSession(state, uid)
    expect(lstatSync(session.files.empty)).toMatchObject({ size: 0, mode: 0o100444 })
    expect(lstatSync(session.files.denied)).toMatchObject({ size: 0, mode: 0o100000 })
    expect(session.files.content('A=')).toBe(session.files.content('A='))
    expect(readFileSync(session.files.content('B='), 'utf8')).toBe('B=')
    session.remove()
    expect(readdirSync(`${state}/sessions`)).toEqual([])
  })

  it.each(['a file with content', 'a link', 'a directory'])('mends a mask file that became %s', (kind) => {
    const { empty } = openSession(state, uid).files
    rmSync(empty)
    if (kind === 'a link') symlinkSync('/etc/passwd', empty)
    else if (kind === 'a directory') mkdirSync(empty)
    else writeFileSync(empty, 'secret')
    expect(lstatSync(openSession(state, uid).files.empty)).toMatchObject({ size: 0, mode: 0o100444 })
  })

  it('keeps the note of a killed session, where it was if there is no other place', () => {
    const dead = `${state}/sessions/999999999-1-abc`
    mkdirSync(dead, { recursive: true })
    for (const dir of [state, `${state}/sessions`]) chmodSync(dir, 0o700)
    writeFileSync(`${dead}/before.json`, '{}')
    writeFileSync(`${state}/unfinished`, 'in the way')
    openSession(state, uid).remove()
    expect(readdirSync(dead)).toEqual(['before.json'])
    rmSync(`${state}/unfinished`)
    openSession(state, uid).remove()
    expect(readdirSync(`${state}/sessions`)).toEqual([])
    expect(readdirSync(`${state}/unfinished`)).toEqual(['999999999-1-abc.json'])
  })

  it('removes what a killed session left, not what a living one has', () => {
    const mine = openSession(state, uid)
    mkdirSync(`${state}/sessions/999999999-1-abc`)
    mkdirSync(`${state}/sessions/${process.pid}-1-abc`)
    const other = openSession(state, uid)
    expect(readdirSync(`${state}/sessions`).toSorted()).toEqual(
      [mine, other].map(({ path }) => path.slice(`${state}/sessions/`.length)).toSorted(),
    )
  })

  it('removes a home in which directories are closed and deeper than a path can be', () => {
    const session = openSession(state, uid)
    const script = `const fs = require('fs'), name = 'd'.repeat(200)
      for (let at = 0; at < 3000; at++) { fs.mkdirSync(name); process.chdir(name); if (at % 100 === 50) fs.mkdirSync('c', 0) }
      fs.writeFileSync('x', ''); fs.chmodSync('.', 0)`
    execFileSync(process.execPath, ['-e', script], { cwd: session.path })
    session.remove()
    expect(readdirSync(`${state}/sessions`)).toEqual([])
  })

  it('does not use a state directory that others may write to', () => {
    mkdirSync(state)
    chmodSync(state, 0o777)
    expect(codeOf(() => openSession(state, uid))).toBe('state-unusable')
  })

  it('does not use a state directory that is a link', () => {
    symlinkSync(tmpdir(), state)
    expect(codeOf(() => openSession(state, uid))).toBe('state-unusable')
  })
})

describe('the private home', () => {
  it('is one for each project', () => {
    expect(privateHomeOf(state, '/a').home).not.toBe(privateHomeOf(state, '/b').home)
  })

  it('is not used when an earlier session put a link where a mount point goes', () => {
    const home = privateHomeOf(state, '/home/u/p')
    openSession(state, uid)
    ensurePrivateHome(state, home, '/home/u/p', uid)
    const check = (): void =>
      checkMountPoints(home, '/home/u', ['/home/u', '/usr', '/home/u/p', '/home/u/.codex/config.toml'])
    expect(codeOf(check)).toBe('none')
    symlinkSync('/etc', `${home.home}/.codex`)
    expect(codeOf(check)).toBe('state-unusable')
    rmSync(`${home.home}/.codex`)
    symlinkSync('/etc', `${home.home}/p`)
    expect(codeOf(check)).toBe('state-unusable')
  })
})
