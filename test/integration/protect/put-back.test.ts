import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { AgentboxError } from '../../../src/errors.ts'
import { startTimeOf } from '../../../src/host/processes.ts'
import { listQuarantine, quarantine } from '../../../src/protect/quarantine.ts'
import { putBack, putBackCheckedOut } from '../../../src/session/put-back.ts'
import { registerSession, type LiveSession } from '../../../src/session/registry.ts'
import type { Situation } from '../../../src/session/situation.ts'
import { makeRepo, type Repo } from '../git/repo.ts'

let repo: Repo
let state: string
let [before, now] = ['', '']
/** What the commit has. */
const files = (dir: string): void => {
  mkdirSync(`${dir}/sub`, { recursive: true })
  writeFileSync(`${dir}/tasks.json`, '{}\n')
  writeFileSync(`${dir}/sub/run.sh`, '#!/bin/sh\n')
  chmodSync(`${dir}/sub/run.sh`, 0o755)
  symlinkSync('tasks.json', `${dir}/link`)
}
const take = (root: string) =>
  quarantine(state, { path: `${root}/.vscode`, root, session: '1-2-3', runBy: 'somebody' })!
const checkedOut = (from: string, to: string, branch = '1'): Promise<string[]> => {
  const project = { root: repo.root, repository: {} }
  return putBackCheckedOut({ dirs: { state }, project } as unknown as Situation, [from, to, branch])
}

beforeAll(() => {
  repo = makeRepo()
  state = `${repo.top}/state`
  before = repo.commit('none')
  files(`${repo.root}/.vscode`)
  now = repo.commit('tasks')
  rmSync(`${repo.root}/.vscode`, { recursive: true })
})
afterEach(() => {
  for (const dir of [state, `${repo.root}/.vscode`, `${repo.top}/near`])
    rmSync(dir, { recursive: true, force: true })
})
afterAll(() => repo.remove())

it.each<[string, (dir: string) => unknown, boolean]>([
  ['it has', () => {}, true],
  ['it has, and one more', (dir) => writeFileSync(`${dir}/launch.json`, '{}\n'), false],
  ['it has, but for one', (dir) => rmSync(`${dir}/link`), false],
  ['it has, with another content', (dir) => writeFileSync(`${dir}/tasks.json`, '{"evil": 1}\n'), false],
  ['it has, and a program more', (dir) => chmodSync(`${dir}/tasks.json`, 0o755), false],
  ['it has, and a program less', (dir) => chmodSync(`${dir}/sub/run.sh`, 0o644), false],
  [
    'it has, with a file for a link',
    (dir) => (rmSync(`${dir}/link`), writeFileSync(`${dir}/link`, 'tasks.json')),
    false,
  ],
  ['it has, and a pipe', (dir) => execFileSync('mkfifo', [`${dir}/pipe`]), false],
])('of a checkout comes back what %s', async (_what, change, wanted) => {
  files(`${repo.root}/.vscode`)
  change(`${repo.root}/.vscode`)
  take(repo.root)
  expect(await checkedOut(before, now)).toEqual(wanted ? [`${repo.root}/.vscode`] : [])
  expect([existsSync(`${repo.root}/.vscode/tasks.json`), listQuarantine(state).length]).toEqual(
    wanted ? [true, 0] : [false, 1],
  )
})

it('of a checkout nothing comes back that was moved from elsewhere, or long before it', async () => {
  const near = `${repo.top}/near`
  files(`${near}/.vscode`)
  take(near)
  files(`${repo.root}/.vscode`)
  const { id } = take(repo.root)
  const meta = `${state}/quarantine/${id}/meta.json`
  const entry = JSON.parse(readFileSync(meta, 'utf8')) as { at: number }
  writeFileSync(meta, JSON.stringify({ ...entry, at: entry.at - 3_600_000 }))
  expect(await checkedOut(before, now)).toEqual([])
  writeFileSync(meta, JSON.stringify(entry))
  expect(await checkedOut(before, now, '0')).toEqual([])
  expect(await checkedOut(now, now)).toEqual([])
  expect(await checkedOut(before, now)).toEqual([`${repo.root}/.vscode`])
})

it('of a checkout a copy comes back, for whoever has the file open could still write', async () => {
  const place = `${repo.root}/.vscode/tasks.json`
  files(`${repo.root}/.vscode`)
  const open = openSync(place, 'r+')
  try {
    take(repo.root)
    expect(await checkedOut(before, now)).toHaveLength(1)
    writeSync(open, '[]')
    expect(readFileSync(place, 'utf8')).toBe('{}\n')
  } finally {
    closeSync(open)
  }
})

it('of a checkout nothing comes back to where something stands, nor an empty directory', async () => {
  mkdirSync(`${repo.root}/.vscode`)
  take(repo.root)
  const other = repo.commit('nothing')
  expect(await checkedOut(other, before)).toEqual([])
  files(`${repo.root}/.vscode`)
  take(repo.root)
  mkdirSync(`${repo.root}/.vscode`)
  expect(await checkedOut(before, now)).toEqual([])
})

it('nothing comes back while a session there has not been told, whatever runs elsewhere', async () => {
  const id = `${process.pid}-${startTimeOf(process.pid)}-1`
  const about = { version: 1, id, pid: process.pid, agent: 'claude', command: [], network: 'none', began: 0 }
  const dir = `${state}/sessions/${id}`
  mkdirSync(dir, { recursive: true })
  files(`${repo.root}/.vscode`)
  const entry = take(repo.root)
  registerSession(dir, { ...about, project: repo.root } as LiveSession)
  // It is there, and nobody answers.
  writeFileSync(`${dir}/control.sock`, '')
  const error = await putBack(state, entry).catch((thrown: unknown) => (thrown as AgentboxError).problem)
  expect(error).toMatchObject({ code: 'io', action: 'restore', path: `${repo.root}/.vscode` })
  expect([existsSync(entry.path), listQuarantine(state).length]).toEqual([false, 1])
  registerSession(dir, { ...about, project: `${repo.root}-2` } as LiveSession)
  await putBack(state, entry)
  expect([existsSync(entry.path), listQuarantine(state).length]).toEqual([true, 0])
})
