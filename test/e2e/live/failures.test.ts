import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listQuarantine } from '../../../src/protect/quarantine.ts'
import { readJournal } from '../../../src/session/journal.ts'
import { readdirSync } from 'node:fs'
import { makeHome, type TestHome } from '../../support/home.ts'
import {
  childrenOf,
  descendantsOf,
  initOf,
  letterOf,
  partsOf,
  processesWith,
} from '../../support/processes.ts'
import { eventually } from '../../support/spawn.ts'
import { mutant, type Bench } from '../../integration/launcher/box.ts'
import { startBoxes, stateOf, type Box } from './boxes.ts'

let at: TestHome
let project: string
const make = (who: 'user' | 'root'): void => {
  at = makeHome(who)
  project = `${at.home}/work/project`
  at.write(`${project}/a`, '')
}
const events = (id: string) => readJournal(`${stateOf(at)}/log/${id}.jsonl`)
const helper = (): string => `${at.base}/app/dist/agentbox-helper`

afterEach(() => at.remove())

describe.each([
  ['user', 'SIGINT'],
  ['root', 'SIGTERM'],
] as const)('a box that is frozen for good, as %s', (who, signal) => {
  beforeEach(() => make(who))

  /** Of everything in the box but its pid 1. A shell whose child is stopped before it becomes another program waits (D). */
  const stands = (init: number): boolean =>
    descendantsOf(init).every((pid) => ['T', 'D', 'Z'].includes(letterOf(pid)))

  it(`stands still whatever continues it, and ends with ${signal}`, async () => {
    at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\nlive: {onFailure: freeze}\n')
    const mark = `frozen-${who}-${process.pid}`
    const script = `echo up; sh -c 'while :; do sleep 0.01; done' ${mark} & exec sleep 300`
    const [box] = (await startBoxes(at, project, 1, script)) as [Box]
    const { joined, init } = partsOf(box.running.pid)
    const agents = childrenOf(init)
    // No other hand can be had.
    rmSync(helper())
    process.kill(joined, 'SIGKILL')
    expect(await eventually(() => events(box.id).some(({ kind }) => kind === 'stopped'))).toBe(true)
    expect(await eventually(() => stands(init))).toBe(true)
    for (let round = 0; round < 3; round++) {
      for (const pid of agents) process.kill(pid, 'SIGCONT')
      expect(await eventually(() => stands(init))).toBe(true)
    }
    process.kill(box.running.pid, 'SIGCONT')
    expect(await eventually(() => stands(init))).toBe(true)
    process.kill(box.running.pid, signal)
    const { stderr } = await box.running.ended
    expect(stderr).toContain('the box stands still (live.onFailure: freeze)')
    expect(stderr).toContain(`Ctrl-C or kill ${box.running.pid} ends it`)
    expect(stderr.match(/the box was frozen \(live\.onFailure: freeze\)/g)).toHaveLength(1)
    expect(await eventually(() => processesWith(mark).length === 0)).toBe(true)
    expect(events(box.id).at(-1)).toMatchObject({ kind: 'ended' })
  })
})

it('a hand that is lost before the agent starts is told of, in the journal as well', async () => {
  make('user')
  const lost = mutant({ dir: at.base } as Bench, 'lost', [
    ['join.c', 'bool possible', '_exit(0); bool possible'],
  ])
  copyFileSync(lost, helper())
  const { ended } = at.launch(['run', '--', 'echo', 'ran'], { cwd: project })
  const { status, stdout, stderr } = await ended
  expect([status, stdout]).toEqual([125, ''])
  expect(stderr).toMatch(/^agentbox: the running box cannot be reached from outside.*nothing was started/)
  const [log] = readdirSync(`${stateOf(at)}/log`)
  expect(events(log!.replace('.jsonl', '')).at(-1)).toMatchObject({ kind: 'ended' })
  expect(readdirSync(`${stateOf(at)}/sessions`)).toEqual([])
})

it('a hand that is slow before the agent starts is waited for', async () => {
  make('user')
  const slow = mutant({ dir: at.base } as Bench, 'slow', [
    ['join.c', 'bool possible', 'usleep(3000000); bool possible'],
  ])
  copyFileSync(slow, helper())
  const { ended } = at.launch(['run', '--', 'echo', 'ran'], { cwd: project })
  expect(await ended).toMatchObject({ status: 0, stdout: 'ran\n', stderr: '' })
})

it('a directory that another box exchanges while bwrap starts is told of, and nothing is started', async () => {
  make('user')
  at.write(`${project}/.vscode/tasks.json`, '{}')
  const exchange = `rename("${project}/.vscode", "${project}/was"); mkdir("${project}/.vscode", 0755);`
  const quick = mutant({ dir: at.base } as Bench, 'quick', [
    ['start.c', 'execve(order', `${exchange} execve(order`],
    ['start.c', '#include <sys/stat.h>', '#include <sys/stat.h>\n#include <stdio.h>'],
  ])
  copyFileSync(quick, helper())
  const { status, stdout, stderr } = await at.launch(['run', '--', 'echo', 'ran'], { cwd: project }).ended
  expect([status, stdout]).toEqual([125, ''])
  expect(stderr).toContain(`${project}/.vscode`)
})

it('what cannot be moved to quarantine, since the disk is full, is read-only in the box and told of', async () => {
  make('user')
  const place = `${stateOf(at)}/quarantine`
  const script = 'echo up; while [ ! -e go ]; do sleep 0.05; done; echo planted > .mcp.json; exec sleep 300'
  const [box] = (await startBoxes(at, project, 1, script)) as [Box]
  at.dir(place, 0o700)
  await at.root(['mount', '-t', 'tmpfs', '-o', 'size=4k,mode=777', 'none', place])
  try {
    await at.root(['dd', 'if=/dev/zero', `of=${place}/fill`, 'bs=1k', 'count=8'])
    at.write(`${project}/go`, '')
    expect(await eventually(() => events(box.id).some(({ kind }) => kind === 'reported'))).toBe(true)
    expect(existsSync(`${project}/.mcp.json`)).toBe(true)
    const init = initOf(box.running.pid)
    const readOnly = (): boolean =>
      readFileSync(`/proc/${init}/mountinfo`, 'latin1')
        .split('\n')
        .some((line) => line.split(' ')[4] === `${project}/.mcp.json` && line.split(' ')[5]!.startsWith('ro'))
    expect(await eventually(readOnly)).toBe(true)
    expect(listQuarantine(stateOf(at))).toEqual([])
    expect(readdirSync(place)).toEqual(['fill'])
    expect((await box.end()).stderr).toContain('1 file appeared that runs outside the box')
  } finally {
    await at.root(['umount', place])
  }
})
