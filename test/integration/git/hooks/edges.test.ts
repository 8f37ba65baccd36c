import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { applySteps } from '../../../../src/git/hooks/apply.ts'
import { hookPlace, type HookPlace } from '../../../../src/git/hooks/place.ts'
import { configuredHooks, hookStates } from '../../../../src/git/hooks/state.ts'
import { planInstall, planUninstall } from '../../../../src/git/hooks/steps.ts'
import { storedMasks } from '../../../../src/masks/stored.ts'
import { makeWorld, snapshot, type World } from './world.ts'

let world: World
beforeEach(() => {
  world = makeWorld()
  world.write('.agentboxrc', 'version: 1\n')
  world.write('a', 'x')
  world.commit('one')
})
afterEach(() => world.remove())

const hooksDir = (): string => `${world.root}/.git/hooks`
const install = (env?: Record<string, string>) => world.agentbox(world.root, ['hooks', 'install'], env)
const git = (...args: string[]) => world.try(world.root, ['git', ...args])

describe('agentbox hooks install', () => {
  it('does nothing in CI, in bare repositories and outside of any', () => {
    const before = snapshot(hooksDir())
    expect(install({ CI: 'true' })).toMatchObject({ status: 0, err: expect.stringContaining('CI') })
    expect(snapshot(hooksDir())).toEqual(before)
    world.git('init', '-q', '--bare', `${world.top}/bare.git`)
    const bare = world.agentbox(`${world.top}/bare.git`, ['hooks', 'install'])
    expect(bare).toMatchObject({ status: 125, err: expect.stringContaining('bare') })
    expect(world.agentbox(world.top, ['hooks', 'install']).status).toBe(125)
    expect(world.agentbox(world.top, ['hooks', 'install'], { npm_lifecycle_event: 'prepare' }).status).toBe(0)
  })

  it('asks before it changes the hooks of every repository', () => {
    world.try(world.root, ['git', 'config', '--global', 'core.hooksPath', `${world.top}/all`])
    expect(install()).toMatchObject({
      status: 1,
      err: expect.stringContaining('all your repositories'),
    })
    expect(existsSync(`${world.top}/all`)).toBe(false)
    expect(world.agentbox(world.root, ['hooks', 'install', '--write']).status).toBe(0)
    expect(existsSync(`${world.top}/all/pre-commit`)).toBe(true)
  })

  it('chains a hook that is a link, and leaves two foreign ones of a name alone', () => {
    writeFileSync(`${world.top}/team-hook`, `#!/bin/sh\necho ran >> ${world.top}/log\n`, { mode: 0o755 })
    symlinkSync(`${world.top}/team-hook`, `${hooksDir()}/pre-commit`)
    const before = snapshot(hooksDir())
    expect(install().status).toBe(0)
    expect(git('commit', '--allow-empty', '-m', 'x').status).toBe(0)
    expect(world.log()).toBe('ran\n')
    world.agentbox(world.root, ['hooks', 'uninstall'])
    expect(snapshot(hooksDir())).toEqual(before)
    install()
    rmSync(`${hooksDir()}/pre-commit`)
    writeFileSync(`${hooksDir()}/pre-commit`, '#!/bin/sh\n', { mode: 0o755 })
    expect(install()).toMatchObject({ status: 1, err: expect.stringContaining('.agentbox-old') })
    expect(readFileSync(`${hooksDir()}/pre-commit`, 'utf8')).toBe('#!/bin/sh\n')
  })

  it('gives a chained hook the last word over a commit, and keeps its status', () => {
    writeFileSync(`${hooksDir()}/pre-commit`, '#!/bin/sh\nexit 7\n', { mode: 0o755 })
    writeFileSync(`${hooksDir()}/post-checkout`, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
    install()
    expect(git('commit', '--allow-empty', '-m', 'x').status).toBe(1)
    expect(git('checkout', '-q', '-b', 'x').status).toBe(1)
  })
})

describe('the hooks', () => {
  it('are silent without agentbox, and skipped by AGENTBOX=0', () => {
    install()
    writeFileSync(`${world.root}/.env`, 'S=1\n')
    git('add', '-f', '.env')
    expect(world.try(world.root, ['git', 'commit', '-m', 'x'], { AGENTBOX: '0' }).status).toBe(0)
    const stub = readFileSync(`${hooksDir()}/pre-commit`, 'utf8')
    writeFileSync(`${hooksDir()}/pre-commit`, stub.replace(/^agentbox=.*$/m, "agentbox='/gone'"))
    git('commit', '--amend', '-m', 'y')
    // With agentbox on PATH that one is used.
    writeFileSync(`${world.root}/.env`, 'S=2\n')
    git('add', '-f', '.env')
    expect(git('commit', '-m', 'z').status).toBe(1)
    rmSync(`${world.top}/bin/agentbox`)
    expect(git('commit', '-m', 'z')).toMatchObject({ status: 0, err: '' })
  })

  it('work for a program without PATH', () => {
    install()
    writeFileSync(`${world.root}/.env`, 'S=1\n')
    git('add', '-f', '.env')
    const bare = { PATH: '/usr/bin:/bin' }
    expect(world.try(world.root, ['git', 'commit', '-m', 'x'], bare)).toMatchObject({
      status: 1,
      err: expect.stringContaining('no commit'),
    })
  })

  it('look at what is committed, not at the index as a whole', () => {
    install()
    writeFileSync(`${world.root}/.env`, 'S=1\n')
    git('add', '-f', '.env')
    writeFileSync(`${world.root}/a`, 'y')
    expect(git('commit', '-m', 'only a', 'a').status).toBe(0)
    expect(git('commit', '-m', 'with .env').status).toBe(1)
  })

  it('say which names a mask covers, whatever they are, with a command that unstages each', () => {
    install()
    const names = [
      '-rf/.env',
      'a\nb/.env',
      '\u001b[31m\u202e/.env',
      "it's $(touch x)/.env",
      ':(top)/*/.env',
      '?/.env',
    ]
    for (const name of names) world.write(name, 'S=1\n')
    git('add', '-f', '-A')
    const done = git('commit', '-m', 'x')
    expect(done.status).toBe(1)
    // oxlint-disable-next-line no-control-regex
    expect(done.err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
    const commands = [...done.err.matchAll(/unstage it: (.*)$/gm)].map(([, command]) => command!)
    expect(commands).toHaveLength(names.length)
    for (const command of commands) world.try(world.root, ['bash', '-c', command])
    expect(git('diff', '--cached', '--name-only', '-z').out).toBe('')
    expect(existsSync(`${world.root}/x`)).toBe(false)
  })

  it('say that a large file was not looked into, and let it pass', () => {
    install()
    world.write('large.txt', 'x\n'.repeat(600_000))
    git('add', '-A')
    expect(git('commit', '-m', 'x')).toMatchObject({
      status: 0,
      err: expect.stringContaining('1 staged file was not looked into'),
    })
  })

  it('let a commit pass that mends an invalid policy', () => {
    install()
    world.write('.agentboxrc', 'version: 1\nnonsense: 1\n')
    git('add', '.agentboxrc')
    const done = git('commit', '-m', 'x')
    expect(done).toMatchObject({ status: 0, err: expect.stringContaining('nonsense') })
  })

  it('renew the list, and say once what the policy newly asks for', () => {
    install()
    git('checkout', '-q', '-b', 'wide')
    world.write('.agentboxrc', 'version: 1\nenv:\n  pass: [ACME_REGION]\n')
    world.write('.env', 'S=1\n')
    git('add', '.agentboxrc')
    git('commit', '-q', '-m', 'wide')
    const away = git('checkout', '-q', 'main')
    expect(away.err).toBe('')
    expect(storedMasks(world.state, world.root)?.masks.map(({ path }) => path)).toEqual([
      `${world.root}/.env`,
    ])
    const merged = git('merge', '-q', 'wide')
    expect(merged.err).toContain('1 new grant')
    expect(merged.err).toMatch(/\+ env +ACME_REGION {3}\.agentboxrc:3/)
    expect(git('checkout', '-q', '-b', 'again').err).toBe('')
  })

  it('refuse it also behind a hook that reads all that git says', () => {
    mkdirSync(hooksDir(), { recursive: true })
    writeFileSync(`${hooksDir()}/pre-push`, `#!/bin/sh\ncat >'${world.top}/said'\n`, { mode: 0o755 })
    install()
    world.git('init', '-q', '--bare', `${world.top}/remote.git`)
    world.git('remote', 'add', 'origin', `${world.top}/remote.git`)
    writeFileSync(`${world.root}/.env`, 'S=1\n')
    git('add', '-f', '.env')
    git('commit', '-q', '--no-verify', '-m', 'bad')
    const pushed = git('push', '-q', 'origin', 'main')
    expect([pushed.status, pushed.err]).toEqual([1, expect.stringContaining('.env   in ')])
    expect(readFileSync(`${world.top}/said`, 'utf8')).toMatch(
      /^refs\/heads\/main [0-9a-f]+ refs\/heads\/main 0+\n$/,
    )
  })

  it('refuse a push that brings a masked file, and say in which commit', () => {
    install()
    world.git('init', '-q', '--bare', `${world.top}/remote.git`)
    world.git('remote', 'add', 'origin', `${world.top}/remote.git`)
    expect(git('push', '-q', 'origin', 'main')).toMatchObject({ status: 0, err: '' })
    writeFileSync(`${world.root}/.env`, 'S=1\n')
    git('add', '-f', '.env')
    git('commit', '-q', '--no-verify', '-m', 'bad')
    const bad = world.git('rev-parse', 'HEAD').slice(0, 10)
    git('rm', '-q', '--cached', '.env')
    git('commit', '-q', '-m', 'removed too late')
    const pushed = git('push', '-q', 'origin', 'main')
    expect(pushed.status).toBe(1)
    expect(pushed.err).toContain(`.env   in ${bad}\n`)
    expect(git('push', '-q', '--no-verify', 'origin', 'main').status).toBe(0)
    expect(git('push', '-q', 'origin', 'main:new')).toMatchObject({ status: 0 })
    expect(git('push', '-q', 'origin', ':new')).toMatchObject({ status: 0 })
  })
})

describe('hooks in git’s configuration, as git from 2.54 on has them', () => {
  const programs = { node: "/opt/no'de", agentbox: '/opt/agent box.cjs' }
  const at = async (): Promise<HookPlace> => ({
    ...(await hookPlace(world.root, world.env))!,
    configHooks: true,
  })

  it('are written so that git reads them, and go without a trace', async () => {
    const config = `${world.root}/.git/config`
    const before = readFileSync(config)
    const place = await at()
    const plan = planInstall({ place, programs, template: '', write: false })
    await applySteps(world.root, plan.steps)
    expect(world.git('config', '--get-all', 'hook.agentbox-pre-push.event')).toBe('pre-push\n')
    expect(
      (await hookStates(place, '', programs)).every(({ via, outdated }) => via === 'config' && !outdated),
    ).toBe(true)
    expect(snapshot(hooksDir())[`${hooksDir()}/pre-commit`]).toBeUndefined()
    await applySteps(world.root, planUninstall(place, [...(await configuredHooks(world.root)).keys()]).steps)
    expect(readFileSync(config)).toEqual(before)
  })

  it('start what they name, with git’s arguments, and nothing where it is gone', async () => {
    const place = await at()
    const real = { node: process.execPath, agentbox: `${world.top}/it's here.cjs` }
    await applySteps(world.root, planInstall({ place, programs: real, template: '', write: false }).steps)
    const command = world.git('config', 'hook.agentbox-post-checkout.command').trimEnd()
    // As git does it.
    const run = () =>
      world.try(world.root, ['sh', '-c', `${command} "$@"`, command, 'a b', 'c'], { PATH: '/usr/bin:/bin' })
    expect(run()).toEqual({ status: 0, out: '', err: '' })
    writeFileSync(real.agentbox, 'console.log(JSON.stringify(process.argv.slice(2)))')
    expect(run().out).toBe('["hook","post-checkout","a b","c"]\n')
  })
})

it('running boxes of the project are asked to look again, others are not', async () => {
  install()
  const asked: string[] = []
  const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8')
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  const servers = ['0', '1'].map((number) => {
    const id = `${process.pid}-${start}-${number}`
    const dir = `${world.state}/sessions/${id}`
    mkdirSync(dir, { recursive: true })
    const project = number === '0' ? world.root : `${world.root}-other`
    const about = { pid: process.pid, project, agent: 'x', command: [], network: 'none', began: 1 }
    writeFileSync(`${dir}/session.json`, JSON.stringify({ version: 1, id, ...about }))
    const server = createServer((socket) => {
      socket.on('data', (data) => {
        asked.push(`${number} ${data.toString().trim()}`)
        socket.end('{"ok":true,"masked":[]}\n')
      })
    })
    return server.listen(`${dir}/control.sock`)
  })
  const child = spawn('git', ['checkout', '-q', '-b', 'x'], { cwd: world.root, env: world.env })
  await new Promise((resolve) => child.once('close', resolve))
  for (const server of servers) server.close()
  expect(asked).toEqual(['0 {"do":"rescan"}'])
})
