import { existsSync, writeFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { compileMatcher } from '../../../../src/masks/patterns.ts'
import { scanTree } from '../../../../src/masks/scan.ts'
import { makeWorld, type World } from './world.ts'

const OPERATIONS = 200
/** The same numbers from the same seed. */
function random(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

interface Operation {
  name: string
  argv: string[][]
  write?: [path: string, content: string]
}

/** What somebody does on a day, without looking: much of it fails, in the same way with hooks and without. */
function operations(seed: number): Operation[] {
  const next = random(seed)
  const branch = (): string => `b${next(4)}`
  const file = (): string => ['a', 'b', 'dir/c', 'dir/.env', '.env', 'app/.env.local'][next(6)]!
  const kinds: (() => Operation)[] = [
    () => ({ name: 'write', argv: [], write: [file(), `${next(1000)}\n`] }),
    () => ({
      name: 'commit',
      argv: [
        ['add', '-A'],
        ['commit', '-q', '-m', `c${next(1000)}`, '--no-verify'],
      ],
    }),
    () => ({
      name: 'commit',
      argv: [
        ['add', 'a', 'b'],
        ['commit', '-q', '-m', `d${next(1000)}`],
      ],
    }),
    () => ({ name: 'branch', argv: [['checkout', '-q', '-B', branch()]] }),
    () => ({ name: 'checkout', argv: [['checkout', '-q', branch()]] }),
    () => ({ name: 'checkout', argv: [['checkout', '-q', '-f', 'main']] }),
    () => ({
      name: 'merge',
      argv: [
        ['merge', '-q', '-m', 'merge', branch()],
        ['merge', '--abort'],
      ],
    }),
    () => ({
      name: 'rebase',
      argv: [
        ['rebase', '-q', branch()],
        ['rebase', '--abort'],
      ],
    }),
    () => ({ name: 'stash', argv: [['stash', 'push', '-q', '-u']] }),
    () => ({ name: 'stash', argv: [['stash', 'pop', '-q']] }),
    () => ({ name: 'reset', argv: [['reset', '-q', '--hard', `HEAD~${next(2)}`]] }),
    () => ({
      name: 'amend',
      argv: [['commit', '-q', '--amend', '-m', `e${next(1000)}`, '--allow-empty', '--no-verify']],
    }),
    () => ({
      name: 'cherry-pick',
      argv: [
        ['cherry-pick', branch()],
        ['cherry-pick', '--abort'],
      ],
    }),
    () => ({ name: 'worktree', argv: [['worktree', 'add', '-q', '../tree', branch()]] }),
    () => ({ name: 'worktree', argv: [['worktree', 'remove', '--force', '../tree']] }),
    () => ({
      name: 'revert',
      argv: [
        ['revert', '--no-edit', 'HEAD'],
        ['revert', '--abort'],
      ],
    }),
  ]
  return Array.from({ length: OPERATIONS }, () => kinds[next(kinds.length)]!())
}

const worlds: World[] = []
afterEach(() => worlds.splice(0).forEach((world) => world.remove()))

function begin(): World {
  const world = makeWorld()
  worlds.push(world)
  world.write('a', '1\n')
  world.write('b', '1\n')
  world.write('.agentboxrc', 'version: 1\n')
  world.git('add', '-A')
  perform(world, { name: 'first', argv: [['commit', '-q', '-m', 'first']] }, 0)
  return world
}

/** Every commit has the time that its number gives, so that equal ones have equal names. */
function perform(world: World, { argv, write }: Operation, number: number): void {
  const date = `${1_700_000_000 + number * 60} +0000`
  if (write !== undefined) world.write(...write)
  for (const args of argv) {
    world.try(world.root, ['git', ...args], {
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
      GIT_EDITOR: 'true',
    })
  }
}

/** Everything that git knows and shows; dangling objects too. */
function stateOf(world: World): unknown {
  const ask = (...args: string[]): string => world.try(world.root, ['git', ...args]).out
  const objects = ask('cat-file', '--batch-check', '--batch-all-objects')
  return [
    ask('for-each-ref'),
    ask('log', '-g', '--format=%H %gs', '--all'),
    ask('status', '--porcelain=2', '--branch'),
    objects,
  ]
}

const matcher = compileMatcher({ patterns: [], except: [] })

function fresh(world: World): string[] {
  const { entries } = scanTree([world.root], { interesting: matcher.interesting })
  const masked = entries.filter(({ path, kind }) => matcher.match(path, kind === 'directory') !== undefined)
  return masked.map(({ path }) => path.slice(world.root.length + 1)).toSorted()
}

it(`${OPERATIONS} operations with hooks and without end in the same repository, and the list is right`, () => {
  const [bare, hooked] = [begin(), begin()]
  for (const name of ['post-checkout', 'post-merge', 'post-rewrite']) {
    const text = `#!/bin/sh\necho ${name} >> ${hooked.top}/log\n`
    writeFileSync(`${hooked.root}/.git/hooks/${name}`, text, { mode: 0o755 })
  }
  hooked.agentbox(hooked.root, ['hooks', 'install'])
  let looked = 0
  for (const [number, operation] of operations(1).entries()) {
    perform(bare, operation, number + 1)
    const before = hooked.log()
    perform(hooked, operation, number + 1)
    const last = hooked.log().slice(before.length).trimEnd().split('\n').at(-1)
    // That hook is run in the new worktree, and about it.
    if (operation.name === 'worktree') continue
    // A rebase begins with a checkout, and goes on without a hook until it is done.
    if (last === '' || (last === 'post-checkout' && operation.name === 'rebase')) continue
    looked++
    expect(hooked.listed().toSorted(), `${number} ${operation.name} ${last}`).toEqual(fresh(hooked))
  }
  expect(stateOf(hooked)).toEqual(stateOf(bare))
  expect(looked).toBeGreaterThan(20)
}, 600_000)

it('does not leave a file in the repository', () => {
  const world = begin()
  world.agentbox(world.root, ['hooks', 'install'])
  writeFileSync(`${world.root}/a`, '2\n')
  world.git('checkout', '-q', '-b', 'x')
  world.git('commit', '-qam', 'x')
  expect(world.git('status', '--porcelain', '--ignored')).toBe('')
  expect(existsSync(`${world.root}/.git/agentbox`)).toBe(false)
})
