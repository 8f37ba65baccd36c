import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeCgroup } from '../../../src/session/cgroup.ts'
import { holdLimits } from '../../../src/session/limits.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import type { Who } from '../../support/who.ts'

describe('a control group of version 2', () => {
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'agentbox-cgroup-'))
    for (const dir of ['user', 'user/app', 'user/app/terminal']) mkdirSync(join(root, dir))
    write('cgroup.subtree_control', 'memory pids\n')
    write('user/cgroup.subtree_control', 'cpu memory pids\n')
    write('user/app/cgroup.subtree_control', 'memory pids\n')
    write('user/app/terminal/cgroup.subtree_control', '\n')
  })
  afterAll(() => rmSync(root, { recursive: true }))
  const write = (name: string, text: string): void => writeFileSync(join(root, name), text)
  const at = (self: string) => ({ self: `1:name=systemd:/x\n0::${self}\n`, root })
  const read = (name: string): string => readFileSync(join(root, name), 'utf8')

  test('is made beside the terminal, where the tree gives these controllers away', () => {
    const cgroup = makeCgroup({ memory: 1 << 28, processes: 99 }, 'agentbox-1-a', at('/user/app/terminal'))
    const place = 'user/app/agentbox-1-a'
    expect(read(`${place}/memory.max`)).toBe(String(1 << 28))
    expect(read(`${place}/memory.swap.max`)).toBe('0')
    expect(read(`${place}/pids.max`)).toBe('99')
    expect(cgroup!.entrances).toEqual([join(root, place)])
    write(`${place}/memory.events`, 'low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\n')
    write(`${place}/pids.events`, 'max 5\n')
    expect(cgroup!.hits()).toEqual({ memory: 2, processes: 5 })
  })

  test.each([
    ['nothing to hold', {}, '/user/app'],
    ['a controller that is not given away', { memory: 1 << 28 }, '/elsewhere'],
    ['no version 2 at all', { memory: 1 << 28 }, undefined],
  ])('is not made: %s', (_why, limits, self) => {
    const place = self === undefined ? { self: '', root } : at(self)
    if (self === '/elsewhere') write('cgroup.subtree_control', '\n')
    expect(makeCgroup(limits, 'agentbox-1-b', place)).toBe(undefined)
    expect(existsSync(join(root, 'agentbox-1-b'))).toBe(false)
  })

  test.each([
    ['memory.max', '8589934592\n'],
    ['memory.high', '4096\n'],
    ['cpu.max', '50000 100000\n'],
  ])('is not made beside a group with a %s of its own, which the box would be rid of', (file, bound) => {
    const made = (text: string) => {
      write(`user/app/terminal/${file}`, text)
      const place = at('/user/app/terminal')
      return makeCgroup({ memory: 1 << 28, processes: 99 }, `agentbox-1-${file}`, place)
    }
    expect(made(bound)).toBe(undefined)
    expect(made('max\n')).not.toBe(undefined)
  })

  test('takes along how many processes the group may have that is left', () => {
    write('user/app/terminal/pids.max', '98\n')
    makeCgroup({ processes: 99 }, 'agentbox-1-d', at('/user/app/terminal'))
    expect(read('user/app/agentbox-1-d/pids.max')).toBe('98')
    write('user/app/terminal/pids.max', 'max\n')
  })

  test.each<[string, number, string | undefined, RegExp[]]>([
    ['no group, as a user', 12345, undefined, [/^limits\.memory holds for each process/]],
    [
      'no group, as root',
      0,
      undefined,
      [/^limits\.memory holds for each/, /^limits\.processes does not hold/],
    ],
    ['a tree without memory, as root', 0, 'pids\n', [/^limits\.memory holds for each process/]],
    ['a tree with both, as root', 0, 'memory pids\n', []],
  ])('what does not hold is said: %s', (_name, uid, controllers, wanted) => {
    const dir = mkdtempSync(join(root, 'held-'))
    if (controllers !== undefined) writeFileSync(join(dir, 'cgroup.subtree_control'), controllers)
    const self = controllers === undefined ? '' : '0::/\n'
    const held = holdLimits({ limits: { memory: 1 << 28, processes: 99 } }, uid, 'x', { self, root: dir })
    expect(held.warnings.map(({ text }) => text)).toEqual(wanted.map((text) => expect.stringMatching(text)))
    const [group] = held.groups ?? []
    expect(group === undefined ? undefined : readFileSync(`${group}/pids.max`, 'utf8')).toBe(
      controllers === undefined ? undefined : '99',
    )
  })

  test('what a killed session left is removed by the next', () => {
    mkdirSync(join(root, 'user/app/agentbox-4194304-x'))
    mkdirSync(join(root, `user/app/agentbox-${process.pid}-x`))
    makeCgroup({ processes: 99 }, 'agentbox-1-c', at('/user/app/terminal'))
    const left = readdirSync(join(root, 'user/app')).filter((name) => name.endsWith('-x'))
    expect(left).toEqual([`agentbox-${process.pid}-x`])
  })
})

describe.each<Who>(['user', 'root'])('limits of a box, as %s', (who) => {
  let home: TestHome
  let cwd: string
  beforeAll(async () => {
    home = makeHome(who)
    cwd = `${home.home}/shop`
    home.dir(cwd)
    await home.must(['git', 'init', '-q'], { cwd })
    home.write(`${cwd}/.agentboxrc`, 'version: 1\nlimits: {memory: 300M, processes: 64, tmp: 1M}\n')
  })
  afterAll(() => home.remove())
  const run = (...command: string[]) => home.launch(['run', '--', ...command], { cwd }).ended
  /** May a group be made here? Root may, except in a container that shows the tree read-only. */
  const tried = who === 'root' ? makeCgroup({ memory: 1 << 28 }, 'agentbox-1-try') : undefined
  tried?.remove()
  const grouped = tried !== undefined

  test('memory', async () => {
    const eat = 'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1))'
    const { status, signal, stderr } = await run(home.node, '-e', eat)
    expect(status === 0 && signal === null).toBe(false)
    expect(stderr).toMatch(
      grouped
        ? /no memory left, the kernel ended \d+ of its processes/
        : /limits\.memory holds for each process/,
    )
  })

  test('processes', async () => {
    const { stderr, status } = await run('sh', '-c', 'for i in $(seq 100); do sleep 60 & done')
    expect(status).not.toBe(0)
    expect(stderr).toMatch(/Cannot fork|Resource temporarily unavailable/)
    if (grouped) expect(stderr).toMatch(/could not start \d+ more processes/)
  })

  test('watches: half of what the user may have, whose other sessions watch by the rest', async () => {
    const names = ['instances', 'watches']
    const { stdout } = await run('cat', ...names.map((name) => `/proc/sys/user/max_inotify_${name}`))
    const all = names.map((name) => Number(readFileSync(`/proc/sys/fs/inotify/max_user_${name}`, 'utf8')))
    expect(stdout.trim().split('\n').map(Number)).toEqual(all.map((count) => Math.floor(count / 2)))
  })

  test('the private /tmp', async () => {
    const { status, stderr } = await run('dd', 'if=/dev/zero', 'of=/tmp/x', 'bs=64k', 'count=64')
    expect([status, stderr]).toEqual([1, expect.stringContaining('No space left on device')])
  })
})
