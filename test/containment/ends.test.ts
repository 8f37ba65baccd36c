import { existsSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeHome } from '../support/home.ts'
import { mountsBelow, partsOf, processesWith } from '../support/processes.ts'
import { eventually, type Running } from '../support/spawn.ts'
import type { Who } from '../support/who.ts'
import { removePrograms } from './host.ts'
import { boxed, makeWorld, snapshot, type World } from './world.ts'

afterAll(removePrograms)

const FILES = 'places routes processes plant'.split(' ')
/** What the host's own network shows is no matter here. */
const boxedAlone = (world: World): string[] => boxed(world, '--network', 'none')

describe.each<Who>(['user', 'root'])('how boxes end, as %s', (who) => {
  let world: World
  beforeAll(async () => {
    world = await makeWorld(who, 'plain')
    world.home.dir(signal(''))
  })
  afterAll(async () => world.remove())

  const signal = (name: string): string => `${world.project.place}/signals/${name}`

  /** A box whose processes have a mark in their command lines, up when this resolves. */
  async function waiting(mark: string): Promise<Running> {
    const script = 'touch signals/up-$1; while test ! -e signals/end-$1; do sleep 0.05; done'
    const running = world.home.launch(['run', '--', 'sh', '-c', script, 'sh', mark], {
      cwd: world.project.place,
      env: world.env,
    })
    const up = await Promise.race([
      eventually(() => existsSync(signal(`up-${mark}`))),
      running.ended.then(({ stdout, stderr }) => stdout + stderr),
    ])
    expect(up).toBe(true)
    return running
  }

  async function nothingIsLeft(mark: string): Promise<void> {
    expect(await eventually(() => processesWith(mark).length === 0)).toBe(true)
    expect(mountsBelow(world.home.base)).toEqual([])
    const status = await world.home.must(['git', 'status', '--porcelain'], { cwd: world.project.place })
    expect(status).toBe('')
  }

  async function nextRunHolds(): Promise<void> {
    const answer = await world.ask(boxedAlone(world), FILES)
    expect(answer.failures).toEqual([])
    expect(answer.leaked).toEqual([])
    expect(readdirSync(`${world.home.home}/.local/state/agentbox/sessions`)).toEqual([])
  }

  test.each(['agentbox', 'helper', 'monitor', 'init'] as const)(
    'kill -9 of the %s takes everything down',
    async (part) => {
      const mark = `mark-${who}-${part}`
      const before = snapshot(world.project.protected)
      const running = await waiting(mark)
      const victims = { agentbox: running.pid, ...partsOf(running.pid) }
      process.kill(victims[part], 'SIGKILL')
      const ended = await running.ended
      expect(ended.status).not.toBe(0)
      await nothingIsLeft(mark)
      expect(snapshot(world.project.protected)).toEqual(before)
      await nextRunHolds()
    },
  )

  test('kill -9 -1 inside reaches nobody outside', async () => {
    const outside = readlinkSync('/proc/self/ns/pid')
    // Never without a pid namespace of its own: it would end the machine.
    const script = `test "$(readlink /proc/self/ns/pid)" != '${outside}' && kill -9 -1; echo survived`
    const running = world.home.launch(['run', '--', 'sh', '-c', script], {
      cwd: world.project.place,
      env: world.env,
    })
    expect((await running.ended).stdout).toBe('survived\n')
    expect(process.kill(world.host.pid, 0)).toBe(true)
  })

  describe.each(['first', 'second'])('of two boxes in one repository the %s', (order) => {
    test.each(['ends', 'gets SIGTERM', 'gets SIGKILL'])('%s, and the other holds', async (how) => {
      const mark = `mark-${who}-${order}-${how.replaceAll(' ', '-')}`
      for (const name of ['up', 'go']) rmSync(signal(name), { force: true })
      const before = snapshot(world.project.protected)
      const wait = 'touch signals/up; while test ! -e signals/go; do sleep 0.05; done; exec "$@"'
      const hold = async (): Promise<ReturnType<World['ask']>> =>
        world.ask([...boxedAlone(world), 'sh', '-c', wait, 'sh'], FILES)

      const early = order === 'first' ? await waiting(mark) : undefined
      const answering = hold()
      expect(await eventually(() => existsSync(signal('up')))).toBe(true)
      const ending = early ?? (await waiting(mark))
      if (how === 'ends') writeFileSync(signal(`end-${mark}`), '')
      else process.kill(ending.pid, how === 'gets SIGTERM' ? 'SIGTERM' : 'SIGKILL')
      await ending.ended
      expect(await eventually(() => processesWith(mark).length === 0)).toBe(true)

      writeFileSync(signal('go'), '')
      const answer = await answering
      expect(answer.failures).toEqual([])
      expect(answer.leaked).toEqual([])
      expect(snapshot(world.project.protected)).toEqual(before)
    })
  })
})

test.each<Who>(['user', 'root'])(
  'boxes that start at the same moment in a fresh home, as %s',
  async (who) => {
    const home = makeHome(who)
    try {
      const cwd = `${home.home}/work/shop`
      home.dir(cwd)
      await home.must(['git', 'init', '-q'], { cwd })
      rmSync(`${cwd}/.git/info`, { recursive: true })
      rmSync(`${cwd}/.git/hooks`, { recursive: true })
      home.write(`${cwd}/.env`, 'TOKEN=secret\n')
      const running = [1, 2, 3, 4].map(() => home.launch(['run', '--', 'cat', '.env'], { cwd }))
      const ended = await Promise.all(running.map(({ ended }) => ended))
      expect(ended).toEqual(ended.map(() => ({ status: 0, signal: null, stdout: '', stderr: '' })))
    } finally {
      home.remove()
    }
  },
)
