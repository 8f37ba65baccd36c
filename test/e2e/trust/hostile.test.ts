import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'
import {
  hostile,
  makeHostile,
  surroundings,
  TRUSTING,
  type Hostile,
  type Place,
} from './hostile-repositories.ts'

/** Milliseconds, on a loaded machine; what hangs never ends. */
const LIMIT = 60_000
/** Seconds of the processor, with all that a command starts: the same on a loaded machine. Usual are 0.1. */
const WORK = 2

/** Every command that opens the repository. `policy`: it needs the repository's policy to be whole. */
const COMMANDS: { args: string[]; policy: boolean }[] = [
  { args: ['run', '--', '/bin/true'], policy: true },
  { args: ['allow', '--show'], policy: true },
  { args: ['status'], policy: false },
  { args: ['doctor'], policy: false },
]

/** Those that call git, or list what is in the project: for repositories that lay traps there. */
// diff: 2 where there is no commit.
const FURTHER: string[][] = [
  ['masks'],
  ['explain', '.env'],
  ['scan'],
  ['diff'],
  ['hooks', 'status'],
  ['init', '--print'],
]

describe('a hostile repository, opened by an ordinary user', () => {
  let at: TestHome
  let traces: string
  let count = 0
  let calls = 0
  const places: Place[] = []

  beforeAll(() => {
    at = makeHome('user')
    traces = `${at.base}/traces`
    mkdirSync(traces)
    chmodSync(traces, 0o777)
    at.write(`${at.home}/bin/claude`, '#!/bin/sh\necho REAL\n', 0o755)
    mkdirSync(`${at.base}/shims`)
    symlinkSync(`${at.base}/app/shell/shim.sh`, `${at.base}/shims/claude`)
  })
  afterAll(() => {
    for (const { servers } of places) for (const server of servers) server.close()
    at.remove()
  })

  function placeOf({ name }: Hostile): Place {
    const number = ++count
    const canary = `${at.base}/canary-${number}`
    writeFileSync(canary, `#!/bin/sh\n/usr/bin/touch ${traces}/${number}\n`)
    chmodSync(canary, 0o755)
    const place = { at, repo: `${at.home}/work/r${number}`, canary, servers: [] }
    places.push(place)
    makeHostile(name, place)
    return place
  }

  /** Runs a command to its end, and holds what it works. */
  async function worked(argv: readonly string[], cwd: string, PATH: string): Promise<Ended> {
    const file = `${traces}/time-${++calls}`
    const script = `TIMEFORMAT='%U %S'; exec 5>&2; { time "$@" 2>&5 5>&-; } 2> ${file}`
    const done = await at.bare(['/bin/bash', '-c', script, 'bash', ...argv], {
      cwd,
      env: { PATH },
      limit: LIMIT,
    })
    expect(done.signal).toBe(null)
    const [user, system] = readFileSync(file, 'utf8').trim().split(' ').map(Number)
    expect({ argv, light: user! + system! < WORK }).toEqual({ argv, light: true })
    return done
  }
  const agentbox = (args: readonly string[]): string[] => [at.node, at.agentbox, ...args]

  /** Nothing of it may reach a terminal as anything but text. */
  function expectPlain({ stdout, stderr }: Ended): void {
    const text = Buffer.from(stdout + stderr, 'latin1').toString('utf8')
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\ufffd]/)
    expect(text).not.toContain('internal error')
    expect(text).not.toMatch(/^ {4}at /m)
  }

  function expectOutcome({ outcome }: Hostile, args: readonly string[], done: Ended): void {
    const text = Buffer.from(done.stderr, 'latin1').toString('utf8')
    if (outcome === 'harmless') {
      expect({ args, status: done.status, stderr: text }).toMatchObject({ args, status: 0 })
    } else if ('refused' in outcome) {
      expect({ args, status: done.status, text }).toMatchObject({ args, status: 125 })
      expect(text).toMatch(outcome.refused)
    } else if (args[0] === 'run') {
      expect({ args, status: done.status }).toEqual({ args, status: 125 })
      expect(text).toMatch(outcome.asks)
    } else {
      expect([0, 125]).toContain(done.status)
    }
  }

  it.each([
    ['has a git configuration that runs programs', 'git status'],
    ['includes a git configuration', 'git status'],
    ['brings bwrap, git, node and others, early in PATH', 'PATH=bin:$PATH; git --version'],
    ['is a program', `${process.execPath} .agentboxrc.js`],
  ])('that %s is armed: whoever is careless runs it', async (name, careless) => {
    const place = placeOf(hostile.find((one) => one.name === name)!)
    const number = places.indexOf(place) + 1
    await at.root(['sh', '-c', careless], { cwd: place.repo, env: TRUSTING })
    expect(existsSync(`${traces}/${number}`)).toBe(true)
  })

  it('there are more than 32', () => {
    expect(hostile.length).toBeGreaterThanOrEqual(32)
    expect(new Set(hostile.map(({ name }) => name)).size).toBe(hostile.length)
  })

  it.concurrent.each(hostile.map((one) => [one.name, one] as const))('that %s', async (_name, one) => {
    const place = placeOf(one)
    const number = places.indexOf(place) + 1
    const cwd = one.cwd === undefined ? place.repo : `${place.repo}/${one.cwd}`
    const PATH = `${at.base}/shims:${place.repo}/bin:${at.home}/bin:${at.env['PATH']}`
    for (const { args, policy } of COMMANDS) {
      const done = await worked(agentbox(args), cwd, PATH)
      expectPlain(done)
      if (policy) expectOutcome(one, args, done)
      else expect([0, 1, 125]).toContain(done.status)
    }
    for (const args of surroundings.includes(one) ? FURTHER : []) {
      const done = await worked(agentbox(args), cwd, PATH)
      expectPlain(done)
      expect({ args, status: [0, 1, 2, 125].includes(done.status ?? -1) }).toEqual({ args, status: true })
    }
    const shim = await worked([`${at.base}/shims/claude`], cwd, PATH)
    expectPlain(shim)
    if (one.outcome === 'harmless' || one.bare === true)
      expect(shim).toMatchObject({ status: 0, stdout: 'REAL\n' })
    else expect({ shim, status: shim.status }).toMatchObject({ status: 125 })
    // Last, since it writes a policy where there is none.
    const init = await worked(agentbox(['init', '--yes']), cwd, PATH)
    expectPlain(init)
    expect([0, 125]).toContain(init.status)
    expect(existsSync(`${traces}/${number}`)).toBe(false)
  })
})
