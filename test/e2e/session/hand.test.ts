import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readJournal } from '../../../src/session/journal.ts'
import { ask, liveSessions, type LiveSession } from '../../../src/session/registry.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { initOf, partsOf, readOrNothing } from '../../support/processes.ts'
import { eventually, type Running } from '../../support/spawn.ts'
import type { Who } from '../../support/who.ts'

/** Prints what it reads each time the file changes its answer. */
const reader =
  'was=none; while :; do now=$(cat .env 2>&1); [ "$now" = "$was" ] || echo "read <$now>"; was=$now; sleep 0.02; done'

describe.each(['user', 'root'] as const)('a running box, as %s', (who: Who) => {
  let at: TestHome
  let project: string
  const state = (): string => `${at.home}/.local/state/agentbox`
  const box = async (script = reader, options: string[] = []): Promise<[Running, LiveSession]> => {
    const running = at.launch(['run', ...options, '--', 'sh', '-c', script], { cwd: project })
    expect(await eventually(() => liveSessions(state()).some(({ pid }) => pid === running.pid))).toBe(true)
    return [running, liveSessions(state()).find(({ pid }) => pid === running.pid)!]
  }
  const replace = (content: string): void => {
    at.write(`${project}/new`, content)
    renameSync(`${project}/new`, `${project}/.env`)
  }
  const kinds = (id: string): string[] => readJournal(`${state()}/log/${id}.jsonl`).map(({ kind }) => kind)

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/project`
    at.write(`${project}/.env`, 'TOKEN=first\n')
    await at.must(['git', 'init', '-q', project])
  })
  afterAll(() => at.remove())

  it('is known to others while it runs, and not afterwards', async () => {
    const [running, session] = await box('echo up; sleep 30')
    expect(session).toMatchObject({ project, agent: 'generic', command: ['sh', '-c', 'echo up; sleep 30'] })
    await running.says('up')
    process.kill(running.pid, 'SIGTERM')
    await running.ended
    expect(liveSessions(state())).toEqual([])
    expect(kinds(session.id)).toEqual(['started', 'ended'])
  })

  it('masks what was replaced when it is asked to look again, and says so at the end', async () => {
    const [running, session] = await box()
    await running.says('read <>')
    replace('TOKEN=second\n')
    expect(await ask(state(), session, { do: 'rescan' })).toMatchObject({ ok: true })
    expect(seen(running.pid, `${project}/.env`)).toBe('')
    replace('TOKEN=third\n')
    expect(await ask(state(), session, { do: 'mask', path: `${project}/.env` })).toMatchObject({ ok: true })
    expect(seen(running.pid, `${project}/.env`)).toBe('')
    expect(await ask(state(), session, { do: 'mask', path: `${project}/README` })).toEqual({
      ok: true,
      masked: [],
    })
    process.kill(running.pid, 'SIGTERM')
    const { stderr } = await running.ended
    expect(kinds(session.id)).toContain('masked')
    expect(stderr).toMatch(/1 secret was replaced and masked again \(\.env\) .. agentbox log/)
  })

  it('goes on when the helper inside is killed, with another one', async () => {
    const [running, session] = await box()
    await running.says('read <>')
    const hand = partsOf(running.pid).joined
    process.kill(hand, 'SIGKILL')
    expect(await eventually(() => kinds(session.id).includes('restored'))).toBe(true)
    replace('TOKEN=fourth\n')
    await ask(state(), session, { do: 'rescan' })
    await ask(state(), session, { do: 'rescan' })
    process.kill(running.pid, 'SIGTERM')
    await running.ended
    expect(kinds(session.id)).toContain('masked')
  })

  it('covers a saved secret even while agentbox itself stands still', async () => {
    const [running, session] = await box()
    await running.says('read <>')
    const { joined } = partsOf(running.pid)
    expect(await eventually(() => watchesOf(joined) > 0)).toBe(true)
    process.kill(running.pid, 'SIGSTOP')
    replace('TOKEN=saved\n')
    expect(await eventually(() => seen(running.pid, `${project}/.env`) === '')).toBe(true)
    process.kill(running.pid, 'SIGCONT')
    expect(await eventually(() => kinds(session.id).includes('masked'))).toBe(true)
    process.kill(running.pid, 'SIGTERM')
    const { stderr } = await running.ended
    expect(stderr).toMatch(/1 secret was replaced and masked again \(\.env\)/)
  })

  it.each(['node', 'helpers'])('stands still while %s is stopped', async (what) => {
    rmSync(`${project}/tick`, { force: true })
    const [running] = await box('while :; do echo >> tick; sleep 0.05; done')
    const tick = (): number => statSync(`${project}/tick`).size
    expect(await eventually(() => existsSync(`${project}/tick`))).toBe(true)
    const pids = what === 'node' ? [running.pid] : [running.pid, partsOf(running.pid).helper]
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    const stands = async (): Promise<boolean> => {
      const before = tick()
      await new Promise((resolve) => setTimeout(resolve, 600))
      return tick() === before
    }
    let still = false
    for (let tries = 0; tries < 20 && !still; tries++) still = await stands()
    expect(still).toBe(true)
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    const before = tick()
    expect(await eventually(() => tick() !== before)).toBe(true)
    process.kill(running.pid, 'SIGTERM')
    await running.ended
  })
})

/** What a file has for the box. */
function seen(pid: number, path: string): string {
  return readFileSync(`/proc/${initOf(pid)}/root${path}`, 'utf8')
}

const watchesOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/fdinfo`)
    .map((fd) => readOrNothing(`/proc/${pid}/fdinfo/${fd}`).split('inotify wd').length - 1)
    .reduce((sum, one) => sum + one, 0)
