import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { eventually } from '../../support/spawn.ts'
import { openSession } from '../../support/pty.ts'
import { prepareWays, ways, type Way } from './calls.ts'
import { arrange, setups, type Setup } from './setups.ts'
import { makeWorld, type ShellName, type World } from './world.ts'

const PLACES = ['repo', 'repo/sub dir', 'link', 'outside'] as const
type Place = (typeof PLACES)[number]

/** Set-up → ways that go around the box although it is wanted. They are in docs/shells.md. */
export type Misses = Partial<Record<string, readonly string[]>>

/** Every way, in every place, with every set-up: boxed exactly where a box is wanted, but for the misses. */
export function matrix(shell: Shell, among: readonly Setup[], misses: Misses): void {
  it.each(among)('$name', async (setup) => {
    const world = makeWorld()
    try {
      fs.symlinkSync(path.join(world.base, 'repo/sub dir'), path.join(world.base, 'link'))
      prepareWays(world)
      arrange(world, setup, shell === 'dash' ? 'bash' : shell)
      await visit(world, shell, setup)
      const cells = wanted(shell, setup, misses[setup.name] ?? [])
      // tmux comes back before the agent is done.
      await eventually(() => Object.keys(world.notes()).length === Object.keys(cells).length)
      expect(named(world.notes())).toEqual(cells)
    } finally {
      world.remove()
    }
  })
}

const tagOf = (place: Place, way: Way): string => `${PLACES.indexOf(place)}-${ways.indexOf(way)}`

type Shell = ShellName | 'dash'

/** The expensive ways are tried where the answer differs; starting fish takes as long as the others together. */
const applies = (shell: Shell, setup: Setup, place: Place, way: Way): boolean =>
  (way.slow !== true && !(way.starts === true && shell === 'fish')) ||
  place === 'repo' ||
  (place === 'outside' && setup.name === 'plain')

async function visit(world: World, shell: Shell, setup: Setup): Promise<void> {
  const argv = [shell, ...(setup.login === true || shell === 'dash' ? ['-l'] : []), '-i']
  const session = openSession({
    argv,
    cwd: world.outside,
    env: {
      ...world.env,
      SHELL: `/usr/bin/${shell}`,
      AGENTBOX_QUIET: '1',
      npm_config_update_notifier: 'false',
    },
  })
  for (const place of PLACES) {
    await session.line(`cd '${world.base}/${place}'`)
    for (const way of ways)
      if (applies(shell, setup, place, way)) await session.line(way.line(tagOf(place, way), world, shell))
  }
  await session.end()
}

function wanted(shell: Shell, setup: Setup, missed: readonly string[]): Record<string, string> {
  const cells = PLACES.flatMap((place) =>
    ways
      .filter((way) => applies(shell, setup, place, way))
      .map((way): [string, string] => [
        `${way.name}, in ${place}`,
        place === 'outside' || missed.includes(way.name) ? 'bare' : 'boxed',
      ]),
  )
  return Object.fromEntries(cells)
}

function named(notes: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(notes).map(([tag, what]) => {
      const [place, way] = tag.split('-').map(Number)
      return [`${ways[way!]!.name}, in ${PLACES[place!]}`, what]
    }),
  )
}

export { setups }
