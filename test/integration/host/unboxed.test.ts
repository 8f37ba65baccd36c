import { spawn, type ChildProcess } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ancestry, isUnboxedAgent, unboxedAgents } from '../../../src/host/unboxed.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { killIfThere } from '../../support/processes.ts'
import { eventually } from '../../support/spawn.ts'

let base: string
let home: TestHome | undefined
const children: ChildProcess[] = []
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'agentbox-unboxed-')))
  for (const dir of ['repo/sub', 'plain', 'all/one/.git']) mkdirSync(join(base, dir), { recursive: true })
  writeFileSync(join(base, 'repo/.agentboxrc'), 'version: 1\n')
  writeFileSync(join(base, 'always'), `${base}/all\n`)
  copyFileSync('/bin/sleep', join(base, 'claude'))
})
afterEach(() => {
  for (const { pid } of children.splice(0)) killIfThere(pid!)
  home?.remove()
  home = undefined
  rmSync(base, { recursive: true })
})

const start = (cwd: string, argv: string[]): number => {
  const child = spawn(argv[0]!, argv.slice(1), { cwd: join(base, cwd), stdio: 'ignore' })
  children.push(child)
  return child.pid!
}
const found = () => unboxedAgents(base).filter(({ cwd }) => cwd.startsWith(base))

it('finds an agent that runs outside of the box where one is wanted', async () => {
  const claude = join(base, 'claude')
  const inside = start('repo/sub', [claude, '60'])
  const always = start('all/one', [claude, '60'])
  start('plain', [claude, '60'])
  start('repo', ['/bin/sleep', '60'])
  expect(await eventually(() => found().length === 2)).toBe(true)
  expect(found().toSorted((a, b) => a.pid - b.pid)).toEqual([
    { pid: inside, agent: 'claude', cwd: `${base}/repo/sub`, wanted: `${base}/repo/.agentboxrc` },
    { pid: always, agent: 'claude', cwd: `${base}/all/one`, wanted: `${base}/all/one` },
  ])
})

it('also one with namespaces of its own that are not a box, but not one in a box', async () => {
  const claude = join(base, 'claude')
  start('repo', ['unshare', '--mount', '--user', '--map-root-user', claude, '60'])
  expect(await eventually(() => found().length === 1)).toBe(true)
  home = makeHome('user')
  const project = `${home.home}/project`
  home.write(`${project}/.agentboxrc`, 'version: 1\n')
  home.write(`${project}/claude`, '#!/bin/sh\necho up\nexec sleep 60\n', 0o755)
  const boxed = home.launch(['run', '--as', 'claude', '--', `${project}/claude`], { cwd: project })
  await boxed.says('up')
  expect(unboxedAgents(base).filter(({ cwd }) => cwd.startsWith(project))).toEqual([])
  boxed.child.kill()
  await boxed.ended
})

it('knows by ancestry and by marks that an agent started a command', () => {
  expect(ancestry()[0]!.pid).toBe(process.ppid)
  expect(ancestry().at(-1)!.pid).toBe(1)
  const chain = [
    { pid: 9, agent: undefined },
    { pid: 8, agent: 'codex' },
  ]
  expect(isUnboxedAgent({}, chain)).toBe('codex')
  expect(isUnboxedAgent({ CLAUDECODE: '1' }, [])).toBe('claude')
  expect(isUnboxedAgent({ AGENTBOX: '1' }, [])).toBeUndefined()
})
