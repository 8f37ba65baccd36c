import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AgentboxError } from '../../../src/errors.ts'
import type { Policy } from '../../../src/policy/types.ts'
import { anything, approvals, drop, maybe, restrictions, some, userRc } from '../config/arbitraries.ts'
import { all, HOME, resolve } from '../config/layer.ts'
import { accessTo, beyond, FILES, hostsBeyond, planOf } from './wider.ts'

const RUNS = { numRuns: 120 }

/** What the host runs may be read, with an approval; writing there would be running outside. */
const steering = `${HOME}/.local/bin/x`
const READ = 1

/** Paths in every spelling, towards what may be granted and what may not. */
const path = fc
  .tuple(
    fc.constantFrom('~', '', '..', '.', '../..', '~/.', '/home/u'),
    fc.array(
      fc.constantFrom(
        ...[
          '..',
          '.',
          '',
          'a',
          'c',
          'd',
          'f',
          '.ssh',
          '.aws',
          '.config',
          '.local',
          'state',
          'agentbox',
          'trust',
        ],
        ...[
          'work',
          'p',
          'home',
          'u',
          'other',
          'etc',
          'srv',
          'e',
          'var',
          'lib',
          'run',
          'bin',
          '.codex',
          'root',
        ],
      ),
      { minLength: 1, maxLength: 5 },
    ),
  )
  .map(([start, parts]) => `${start}/${parts.join('/')}`)

/** A repository that wants everything, and some of what nobody gives it. */
const greedy = fc
  .record({
    filesystem: fc.record({
      read: fc.array(path, { maxLength: 2 }),
      write: fc.array(path, { maxLength: 1 }),
    }),
    masks: fc.record({ except: some('.env', '.env.test', '*.x') }),
    network: fc.record({ mode: maybe(fc.constant('host')) }),
    env: fc.record({ pass: some('CI', 'SECRET', 'MYAPP_*') }),
    ssh: maybe(fc.constant('agent')),
  })
  .map(drop)

/** The policy, or undefined where it is refused: then there is no box. */
async function policyOf(layers: Parameters<typeof resolve>[0]): Promise<Policy | undefined> {
  try {
    return (await resolve(layers)).policy
  } catch (error) {
    if (error instanceof AgentboxError) return undefined
    throw error
  }
}

describe('the relation itself', () => {
  it.each<[object, object, string[]]>([
    [{}, {}, []],
    [{ filesystem: { read: ['~/c'] } }, {}, [`read ${HOME}/c/f`]],
    [{ filesystem: { write: ['~/c'] } }, { filesystem: { read: ['~/c'] } }, [`write ${HOME}/c/f`]],
    [{}, { filesystem: { hide: ['docs'] } }, [`write ${HOME}/work/p/docs/d`]],
    [{}, { filesystem: { readonly: ['docs'] } }, [`write ${HOME}/work/p/docs/d`]],
    [{}, { masks: { patterns: ['main.c'] } }, [`write ${HOME}/work/p/src/main.c`]],
    [{ masks: { except: ['.env.test'] } }, {}, [`write ${HOME}/work/p/a/.env.test`]],
    [{ env: { pass: ['SECRET'] } }, {}, ['variable SECRET']],
    [{ network: { mode: 'host' } }, { network: { mode: 'none' } }, ['network host']],
    [{ ssh: 'agent' }, {}, ['ssh agent']],
    [{}, { filesystem: { home: 'ephemeral' } }, ['a home that stays']],
    [{}, { limits: { tmp: '1G' } }, ['a larger /tmp']],
    [{}, { limits: { processes: 100 } }, ['processes']],
  ])('%j is wider than %j by %j', async (wide, narrow, words) => {
    const [a, b] = [
      await resolve({ repo: wide, approvals: all }),
      await resolve({ repo: narrow, approvals: all }),
    ]
    expect(beyond(planOf(a.policy), planOf(b.policy))).toEqual(words)
    expect(beyond(planOf(b.policy), planOf(a.policy))).toEqual([])
  })
})

describe('whatever the policies are', () => {
  it('adding restrictions never widens the plan', async () => {
    await fc.assert(
      fc.asyncProperty(userRc, anything, restrictions, approvals, async (user, repo, inner, approved) => {
        const before = (await resolve({ user, repo, approvals: approved })).policy
        const after = (await resolve({ user, repo, inner, approvals: approved })).policy
        expect([...beyond(planOf(after), planOf(before)), ...hostsBeyond(after, before)]).toEqual([])
      }),
      RUNS,
    )
  })

  it("an administrator's restrictions never widen it either", async () => {
    await fc.assert(
      fc.asyncProperty(restrictions, userRc, anything, approvals, async (system, user, repo, approved) => {
        const before = (await resolve({ user, repo, approvals: approved })).policy
        const after = (await resolve({ system, user, repo, approvals: approved })).policy
        expect([...beyond(planOf(after), planOf(before)), ...hostsBeyond(after, before)]).toEqual([])
      }),
      RUNS,
    )
  })

  it('what nobody approved gives nothing that is not there without it', async () => {
    await fc.assert(
      fc.asyncProperty(userRc, fc.oneof(anything, greedy), anything, async (user, repo, inner) => {
        const alone = (await resolve({ user })).policy
        const policy = await policyOf({ user, repo, inner })
        if (policy === undefined) return
        expect([...beyond(planOf(policy), planOf(alone)), ...hostsBeyond(policy, alone)]).toEqual([])
      }),
      RUNS,
    )
  })

  it('what is approved stays within the ceiling, built in and of the user', async () => {
    const never = FILES.filter(
      (path) =>
        /\/\.(?!env)|\/c\/|^\/(etc|run|var|root)\//.test(path) &&
        !path.includes('/work/') &&
        path !== steering,
    )
    expect(never.length).toBeGreaterThan(10)
    const user = { ceiling: ['~/c'] }
    const alone = planOf((await resolve({ user })).policy)
    let boxes = 0
    await fc.assert(
      fc.asyncProperty(greedy, anything, async (repo, inner) => {
        const policy = await policyOf({ user, repo, inner, approvals: all })
        if (policy === undefined) return
        boxes++
        const plan = planOf(policy)
        for (const path of never) expect([path, accessTo(plan, path)]).toEqual([path, accessTo(alone, path)])
        expect(accessTo(plan, steering)).toBeLessThanOrEqual(READ)
      }),
      { numRuns: 300 },
    )
    expect(boxes).toBeGreaterThan(50)
  })
})
