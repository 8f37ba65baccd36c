import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readRegular } from '../../../src/host/files.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { eventually } from '../../support/spawn.ts'

let at: TestHome
let project: string
let other: string

const log = async (args: string[], cwd = project): Promise<string[]> => {
  const { status, stdout } = await at.launch(['log', ...args], { cwd }).ended
  expect(status).toBe(0)
  return stdout.split('\n').filter((line) => line !== '')
}
const started = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => / started +(.*?) in /.exec(line)?.[1] ?? [])
const boxed = async (cwd: string, ...command: string[]): Promise<void> => {
  const done = await at.launch(['run', '--', ...command], { cwd }).ended
  expect([done.status, done.stderr]).toEqual([0, ''])
}

beforeAll(() => {
  at = makeHome('user')
  project = `${at.home}/work/shop`
  other = `${at.home}/work/other`
  for (const dir of [project, other]) at.write(`${dir}/.agentboxrc`, 'version: 1\n')
})
afterAll(() => at.remove())

/** Resolves when the kernel tells it of changes. */
async function watches(pid: number): Promise<void> {
  const told = (fd: string): boolean =>
    (readRegular(`/proc/${pid}/fdinfo/${fd}`, 4096)?.toString('latin1') ?? '').includes('inotify wd:')
  expect(await eventually(() => readdirSync(`/proc/${pid}/fdinfo`).some(told))).toBe(true)
}

it('waits for the very first session, and outlives a journal that is taken away', async () => {
  const following = at.launch(['log', '-f'], { cwd: project })
  await watches(following.pid)
  await boxed(project, 'true')
  await following.says('started')
  await at.must(['sh', '-c', `rm ${at.home}/.local/state/agentbox/log/*.jsonl`])
  await boxed(project, 'echo', 'first')
  await following.says('echo first')
  following.child.kill('SIGINT')
  expect(await following.ended).toMatchObject({ status: 0, stderr: '' })
})

it('--last is the last session of this project, or with --all of any', async () => {
  await boxed(project, 'echo', 'second')
  await boxed(other, 'echo', 'elsewhere')
  expect(started(await log([]))).toEqual(['echo first', 'echo second'])
  expect(started(await log(['--last']))).toEqual(['echo second'])
  expect(started(await log(['--last', '--all']))).toEqual(['echo elsewhere'])
  const sessions = (await log(['--last', '--json'])).map(
    (line) => (JSON.parse(line) as { session: string }).session,
  )
  expect(new Set(sessions).size).toBe(1)
})

it('--last goes with the other options, but not with the name of a session', async () => {
  expect(await log(['--last', '--network'])).toEqual([])
  const done = await at.launch(['log', '--last', '1-2-3'], { cwd: project }).ended
  expect([done.status, done.stderr]).toEqual([2, expect.stringContaining('one session, or --last')])
})

it('--last passes over what verify starts', async () => {
  const done = await at.launch(['verify'], { cwd: project }).ended
  expect(done.status).toBe(0)
  expect(started(await log([])).filter((command) => command.includes('agentbox verify'))).toHaveLength(2)
  expect(started(await log(['--last']))).toEqual(['echo second'])
})

it('names what can be asked for where there is no such session', async () => {
  const done = await at.launch(['log', '1-2-3'], { cwd: project }).ended
  expect([done.status, done.stderr]).toEqual([125, expect.stringContaining('agentbox log --all --json')])
})

it('--last says where there was none', async () => {
  at.dir(`${at.home}/work/new`)
  const done = await at.launch(['log', '--last'], { cwd: `${at.home}/work/new` }).ended
  expect([done.status, done.stdout, done.stderr]).toEqual([0, '', 'no session has been recorded here\n'])
})
