import { spawn } from 'node:child_process'
import { copyFileSync, lstatSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import { start, type Ended } from '../../support/spawn.ts'
import { as } from '../../support/who.ts'
import { readable, startBoxes, stateOf, type Box } from './boxes.ts'

describe.each(['user', 'root'] as const)('secrets by hand, as %s', (who) => {
  let at: TestHome
  let project: string
  let boxes: Box[]

  /** With this on its standard input. */
  const edit = (file: string, input: string): Promise<Ended> =>
    new Promise((resolve, reject) => {
      const argv = as(who, [at.node, at.agentbox, 'secret', 'edit', file])
      const child = spawn(argv[0], argv.slice(1), { cwd: project, env: at.env, stdio: 'pipe' })
      let stderr = ''
      child.stderr.on('data', (chunk) => (stderr += chunk))
      child.on('error', reject)
      child.on('close', (status, signal) => resolve({ status, signal, stdout: '', stderr }))
      child.stdin.end(input)
    })

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/project`
    at.write(`${project}/src/a.ts`, '')
    boxes = await startBoxes(at, project, 2)
  })
  afterAll(async () => {
    await Promise.all(boxes.map((box) => box.end()))
    at.remove()
  })

  it('makes one that is masked everywhere before it has content', async () => {
    const done = await edit('.env', 'TOKEN=1\n')
    expect(done.stderr).toBe('agentbox  .env was made · masked in 2 running boxes\n')
    expect(readFileSync(`${project}/.env`, 'utf8')).toBe('TOKEN=1\n')
    expect(lstatSync(`${project}/.env`).mode & 0o777).toBe(0o600)
    expect(boxes.map((box) => box.sees(`${project}/.env`))).toEqual(['', ''])
  })

  it('changes one in place', async () => {
    const { ino } = lstatSync(`${project}/.env`)
    expect((await edit('.env', 'T=2\n')).stderr).toContain('was changed in place · masked in 2')
    expect(readFileSync(`${project}/.env`, 'utf8')).toBe('T=2\n')
    expect(lstatSync(`${project}/.env`).ino).toBe(ino)
  })

  it.each([
    ['src/a.ts', 'agents can read files of this name'],
    ['../.env', 'it is not in this project'],
    ['no/such/.env', 'its directory is not there'],
    ['.env.link', 'it is no ordinary file'],
    ['src', 'it is a directory'],
    ['.', 'it is a directory'],
  ])('refuses %s', async (file, reason) => {
    if (file === '.env.link') symlinkSync('src/a.ts', `${project}/.env.link`)
    const done = await edit(file, 'TOKEN=3\n')
    expect(done.status).toBe(125)
    expect(done.stderr).toContain(reason)
    expect(readFileSync(`${project}/src/a.ts`, 'utf8')).toBe('')
  })

  it('is written in its own editor', async () => {
    at.write(`${at.home}/editor`, '#!/bin/sh\necho FROM=editor > "$1.new"; mv "$1.new" "$1"\n', 0o755)
    // With a terminal.
    const command = `${at.node} ${at.agentbox} secret edit --editor ${at.home}/editor .env.prod`
    await at.must(['script', '-qec', command, '/dev/null'], { cwd: project })
    expect(readFileSync(`${project}/.env.prod`, 'utf8')).toBe('FROM=editor\n')
    expect(await readable(boxes, [`${project}/.env.prod`])).toEqual([])
  })
})

describe('agentbox watch', () => {
  it('keeps the list in step and ends with Ctrl-C', async () => {
    const at = makeHome('user')
    try {
      const project = `${at.home}/work/project`
      at.write(`${project}/.env`, 'A=1\n')
      const running = at.launch(['watch', '--json'], { cwd: project })
      await running.says('"ready"')
      const list = async () =>
        JSON.parse(await at.must([at.node, at.agentbox, 'masks', '--json'], { cwd: project })).stored
      expect(await list()).toMatchObject({ state: 'fresh' })
      at.write(`${project}/new`, 'B=1\n')
      renameSync(`${project}/new`, `${project}/.env.local`)
      await running.says('.env.local')
      expect(await list()).toMatchObject({ state: 'fresh' })
      process.kill(running.pid, 'SIGINT')
      expect(await running.ended).toMatchObject({ status: 0, stderr: '' })
      at.write(`${project}/.env.late`, 'B=1\n')
      const { path, ...stale } = await list()
      expect(stale).toMatchObject({ state: 'stale' })
      writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20))
      expect(await list()).toEqual({ path, state: 'torn' })
    } finally {
      at.remove()
    }
  })

  it('tells of an agent that runs without a box, once', async () => {
    const at = makeHome('user')
    try {
      const project = `${at.home}/work/project`
      at.write(`${project}/.agentboxrc`, 'version: 1\n')
      copyFileSync('/bin/sleep', `${at.base}/claude`)
      const running = at.launch(['watch', '--json'], { cwd: project })
      await running.says('"ready"')
      const agent = start({ argv: as('user', [`${at.base}/claude`, '30']), cwd: project, env: at.env })
      await running.says(`"kind":"unboxed","pid":${agent.pid},"agent":"claude"`)
      await new Promise((resolve) => setTimeout(resolve, 1500))
      agent.child.kill()
      await agent.ended
      process.kill(running.pid, 'SIGINT')
      expect((await running.ended).stdout.match(/"unboxed"/g)).toHaveLength(1)
    } finally {
      at.remove()
    }
  })

  it('is kept by a session too', async () => {
    const at = makeHome('user')
    try {
      const project = `${at.home}/work/project`
      at.write(`${project}/a`, '')
      const boxes = await startBoxes(at, project, 1)
      at.write(`${project}/.env`, 'A=1\n')
      const stored = async (): Promise<string> =>
        JSON.parse(await at.must([at.node, at.agentbox, 'masks', '--json'], { cwd: project })).stored.state
      await expect.poll(stored, { timeout: 30_000 }).toBe('fresh')
      expect(stateOf(at)).toContain(at.home)
      await boxes[0]!.end()
    } finally {
      at.remove()
    }
  })
})
