import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import { mountsBelow, partsOf, processesWith } from '../../support/processes.ts'
import { eventually, start, type Running } from '../../support/spawn.ts'
import { as, type Who } from '../../support/who.ts'
import { page } from './page.ts'
import { launching, ofRoot, running } from './table.ts'

test('docs/faults.md says what is tried here', () => {
  const file = resolve(import.meta.dirname, '../../../docs/faults.md')
  expect(readFileSync(file, 'utf8')).toContain(page())
})

describe.each<Who>(['user', 'root'])('as %s', (who) => {
  let home: TestHome
  let project: string
  let taker: string
  beforeAll(async () => {
    home = makeHome(who)
    project = `${home.home}/work/shop`
    home.write(`${project}/sub/.env`, 'TOKEN=secret-in-sub\n')
    home.write(`${project}/.env`, 'TOKEN=secret-at-start\n')
    home.write(`${project}/.gitignore`, '.env*\n')
    await home.must(['git', 'init', '-q'], { cwd: project })
    await home.must(['git', 'add', '-A'], { cwd: project })
    await home.must(['git', '-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '-qm', 'x'], {
      cwd: project,
    })
    taker = `${home.base}/inotify`
    await home.root(['cc', '-o', taker, resolve(import.meta.dirname, 'inotify.c')])
    await nextLaunchWorks()
  })
  afterAll(() => home.remove())

  const state = (): string => `${home.home}/.local/state/agentbox`

  async function nextLaunchWorks(): Promise<void> {
    const { ended } = home.launch(['run', '--', 'cat', '.env', 'sub/.env'], { cwd: project })
    expect(await ended).toEqual({ status: 0, signal: null, stdout: '', stderr: '' })
    expect(readdirSync(`${state()}/sessions`)).toEqual([])
    expect(await home.must(['git', 'status', '--porcelain'], { cwd: project })).toBe('')
    expect(readFileSync(`${project}/.env`, 'utf8')).toBe('TOKEN=secret-at-start\n')
    expect(mountsBelow(home.base)).toEqual([])
  }

  async function box(mark: string, before = 'true'): Promise<Running> {
    const script = 'echo up; while :; do cat .env sub/.env; sleep 0.05; done'
    const begun = below(before, [home.node, home.agentbox, 'run', '--', 'sh', '-c', script, 'sh', mark])
    await begun.says('up')
    return begun
  }

  /** Runs a command as the user, in a mount namespace in which root has run `before`. */
  function below(before: string, command: readonly string[]): Running {
    const argv = [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      `${before}; cd "$PROJECT" && exec "$@"`,
      'sh',
    ]
    const env = { ...home.env, STATE: state(), PROJECT: project }
    return start({ argv: as('root', [...argv, ...as(who, command)]), cwd: '/', env })
  }

  /** A secret appears; from outside it is seen through the box's own eyes. */
  async function masksWhatAppears(init: number): Promise<boolean> {
    home.write(`${project}/.env.late`, 'TOKEN=secret-late\n')
    const seen = (): string => readFileSync(`/proc/${init}/root${project}/.env.late`, 'utf8')
    return await eventually(() => seen() === '')
  }

  const mine = running.filter((fault) => who === 'user' || ofRoot(fault))
  test.each(mine)('$what: the box $outcome', async ({ what, outcome, tells, before, act }) => {
    const mark = `fault-${who}-${what.replaceAll(/\W+/g, '-')}`
    const begun = await box(mark, before)
    const { init } = partsOf(begun.pid)
    const mend = await act(begun, { home, project, taker })
    try {
      if (outcome === 'goes on') {
        // What is fatal shows within a moment; more time only finds more.
        await new Promise((done) => setTimeout(done, 300))
        expect(await masksWhatAppears(init)).toBe(true)
        expect(existsSync(`/proc/${begun.pid}`)).toBe(true)
        process.kill(begun.pid, 'SIGTERM')
      }
      // Not by the limit of the test itself.
      const late = setTimeout(() => process.kill(begun.pid, 'SIGABRT'), 60_000)
      const ended = await begun.ended
      clearTimeout(late)
      expect(ended.signal).not.toBe('SIGABRT')
      expect(ended.stdout).not.toContain('secret-at-start')
      expect(ended.stdout).not.toContain('secret-in-sub')
      if (tells !== undefined) expect(ended.stderr).toMatch(tells)
      expect(await eventually(() => processesWith(mark).length === 0)).toBe(true)
    } finally {
      mend?.()
      if (existsSync(`/proc/${begun.pid}`)) process.kill(begun.pid, 'SIGKILL')
    }
    await home.root(['rm', '-f', `${project}/.env.late`])
    await nextLaunchWorks()
  })

  const atLaunch = launching.filter(({ only }) => only === undefined || only === who)
  test.each(atLaunch)('$what: agentbox $outcome', async ({ what, outcome, before = 'true', by = [] }) => {
    const taking = what.includes('inotify')
      ? start({ argv: as(who, [taker]), cwd: '/', env: home.env })
      : undefined
    await taking?.says('taken')
    const command = [home.node, home.agentbox, 'run', '--', 'sh', '-c', 'echo ran; cat .env; cat sub/.env']
    const done = await below(before, [...by, ...command]).ended
    process.kill(taking?.pid ?? 0, taking === undefined ? 0 : 'SIGKILL')
    await home.root(['chmod', '755', `${project}/sub`])
    expect(done.stdout).not.toContain('secret')
    if (outcome === 'refuses') expect([done.status, done.stdout]).toEqual([125, ''])
    else if (outcome === 'starts') expect(done.stdout).toBe('ran\n')
    else expect([done.status === 0, done.stdout]).toEqual([false, ''])
    if (outcome === 'refuses') expect(done.stderr).toMatch(/^agentbox: (?!internal)/)
    await nextLaunchWorks()
  })
})
