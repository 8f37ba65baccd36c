import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cases } from './cases.ts'
import { removePrograms } from './host.ts'
import { ALL_GROUPS, boxed, makeWorld, snapshot, type World } from './world.ts'

afterAll(removePrograms)

describe.each(cases)('the curious script, as $who, in a $layout repository', ({ who, layout }) => {
  let world: World
  beforeAll(async () => {
    world = await makeWorld(who, layout)
  })
  afterAll(async () => world.remove())

  /** Without the box the same probes find nearly everything: they can fail. */
  test('finds the secrets outside of a box', async () => {
    const answer = await world.ask('bare', ['places', 'ipc'])
    const blind = [...answer.verdicts].filter(([, verdict]) => verdict === 'PASS').map(([name]) => name)
    expect(blind).toEqual(world.host.keyrings ? [] : ['keyring-serial', 'keyring-search'])
  })

  // Where the box is the same but for its network, `allow` stands for `none` too: it has one way more.
  test.each(layout === 'plain' ? ['host', 'none', 'allow'] : ['host', 'allow'])(
    'finds nothing in a box with network %s',
    async (network) => {
      const before = snapshot(world.project.protected)
      const answer = await world.ask(boxed(world, '--network', network), [
        ...ALL_GROUPS,
        ...(network === 'host' ? [] : ['network']),
      ])
      // The machine's network is what `host` means; what an old kernel cannot close, the documents say.
      const shared = world.host.scopes ? ['socket:loopback'] : ['socket:loopback', 'socket:abstract']
      const reachable = network === 'host' ? shared : []
      expect(answer.failures.filter((line) => !reachable.includes(line.split(' ')[0]!))).toEqual([])
      expect(answer.leaked.filter((name) => !reachable.some((probe) => probe.endsWith(name)))).toEqual([])
      // The kernel exempts root from the number of processes: there a cgroup holds it, where there is one.
      expect(answer.skipped.map((line) => line.split(' ')[0])).toEqual(
        who === 'root' ? ['limit-processes'] : [],
      )
      expect(answer.warnings).toEqual([])
      expect(answer.verdicts.size).toBeGreaterThan(150)
      expect(snapshot(world.project.protected)).toEqual(before)
    },
  )
})
