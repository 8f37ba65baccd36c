import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startFollowing, type Follower } from '../../../src/session/follow.ts'
import { eventTurns } from '../../../src/masks/watch/turn.ts'
import { policyWith } from '../../unit/policy/policies.ts'

/** Milliseconds: of the five seconds after which everything is looked at in any case. */
const SOON = 2500

let dir: string
let follower: Follower
let loads: (() => void)[]
const nextLoad = (): Promise<void> => new Promise((resolve) => loads.push(resolve))

beforeEach(() => {
  dir = mkdtempSync(`${tmpdir()}/agentbox-follow-`)
  loads = []
  const policy = policyWith({})
  follower = startFollowing({
    project: `${dir}/project`,
    inputs: () => [`${dir}/config/config.yaml`],
    others: [],
    async load() {
      for (const tell of loads.splice(0)) tell()
      return policy
    },
    running: () => policy,
    restrict: async () => [],
    say() {},
    onLook() {},
    degraded() {},
    turns: eventTurns(),
  })
})
afterEach(() => {
  follower.close()
  rmSync(dir, { recursive: true })
})

// The next look at everything is nearly five seconds away whenever something has just been looked at. One of several
// rounds is enough: a machine that does much else may be late with the others.
it.each<[string, (round: number) => void]>([
  ['written', (round) => writeFileSync(`${dir}/config/config.yaml`, `version: ${round}\n`)],
  [
    'replaced',
    (round) => {
      writeFileSync(`${dir}/config/new`, `version: ${round}\n`)
      renameSync(`${dir}/config/new`, `${dir}/config/config.yaml`)
    },
  ],
])('a file outside of the project is followed when it is %s, and not a look later', async (_how, change) => {
  await nextLoad()
  // Its directory is not there at first, and then it is another one.
  for (let time = 0; time < 2; time++) {
    const came = nextLoad()
    mkdirSync(`${dir}/config`)
    change(0)
    await came
    const rounds: string[] = []
    for (let round = 1; round <= 12 && !rounds.includes('soon'); round++) {
      const loaded = nextLoad()
      change(round)
      rounds.push(await Promise.race([loaded.then(() => 'soon'), delay(SOON, 'late')]))
      await loaded
    }
    expect(rounds).toContain('soon')
    const gone = nextLoad()
    rmSync(`${dir}/config`, { recursive: true })
    await gone
  }
})
