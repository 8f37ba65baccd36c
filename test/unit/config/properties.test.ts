import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Grant } from '../../../src/errors.ts'
import type { Policy } from '../../../src/policy/types.ts'
import { anything, approvals, restrictions, userRc } from './arbitraries.ts'
import { all, HOME, PROJECT, resolve } from './layer.ts'

/** All that the box is given, as comparable text. */
function given({ filesystem, masks, env, network }: Policy): string[] {
  return [
    ...filesystem.read.map(({ value }) => `read ${value}`),
    ...filesystem.write.map(({ value }) => `write ${value}`),
    // None here has a slash: the user's, which are about every directory, cover the same in an inner one.
    ...masks.except.map(({ value }) => `except ${value.pattern}`),
    ...env.pass.map(({ value }) => `pass ${value}`),
    ...network.allow.map(({ value }) => `allow ${value}`),
  ]
}

const RANKS = {
  home: ['ephemeral', 'private'],
  show: ['deny', 'empty', 'keys'],
  mode: ['none', 'allow', 'host'],
  ssh: ['none', 'agent'],
  absent: ['quarantine', 'report'],
}

function ranks({ filesystem, masks, network, ssh, protect }: Policy): number[] {
  return [
    RANKS.home.indexOf(filesystem.home.value),
    RANKS.show.indexOf(masks.show.value),
    RANKS.mode.indexOf(network.mode.value),
    RANKS.ssh.indexOf(ssh.value),
    RANKS.absent.indexOf(protect.absent.value),
  ]
}

function narrowed({ filesystem, masks }: Policy): string[] {
  return [...filesystem.readonly, ...filesystem.hide]
    .map(({ value }) => value)
    .concat(masks.patterns.map(({ value }) => value.pattern))
}

/** Where a pending grant would stand if it were in the policy from that file. */
function holds(policy: Policy, { kind, value, file }: Grant): boolean {
  const from = <T>(
    list: readonly { value: T; origin: { file?: string | undefined } }[],
    match: (value: T) => boolean,
  ): boolean => list.some((entry) => entry.origin.file === file && match(entry.value))
  switch (kind) {
    case 'read':
    case 'write':
      return from(policy.filesystem[kind], (path) => path === value)
    case 'unmask':
      return from(policy.masks.except, (rule) => rule.pattern === value)
    case 'env':
      return from(policy.env.pass, (name) => name === value)
    case 'network':
      return (
        from(policy.network.allow, (host) => host === value) ||
        from([policy.network.mode], (mode) => `mode: ${mode}` === value)
      )
    case 'ssh':
      return from([policy.ssh], (ssh) => ssh === value)
    case 'home':
      return from([policy.filesystem.home], (home) => home === value)
    case 'protect':
      return from([policy.protect.absent], (absent) => absent === value)
    case 'live':
      return from([policy.live.onFailure], (onFailure) => onFailure === value)
    case 'names':
      return from([policy.masks.show], (show) => show === value)
  }
}

describe('layers, whatever is in them', () => {
  it('an inner file that only restricts never gives more', async () => {
    await fc.assert(
      fc.asyncProperty(userRc, anything, restrictions, approvals, async (user, repo, inner, approved) => {
        const before = await resolve({ user, repo, approvals: approved })
        const after = await resolve({ user, repo, inner, approvals: approved })
        expect(given(before.policy)).toEqual(expect.arrayContaining(given(after.policy)))
        expect(narrowed(after.policy)).toEqual(expect.arrayContaining(narrowed(before.policy)))
        for (const [at, rank] of ranks(after.policy).entries())
          expect(rank).toBeLessThanOrEqual(ranks(before.policy)[at]!)
        expect(after.policy.limits.tmp!.value).toBeLessThanOrEqual(before.policy.limits.tmp!.value)
      }),
      { numRuns: 300 },
    )
  })

  it('a repository without approvals never gives more than there is without it', async () => {
    await fc.assert(
      fc.asyncProperty(userRc, anything, anything, async (user, repo, inner) => {
        const alone = (await resolve({ user })).policy
        const { policy } = await resolve({ user, repo, inner })
        const free =
          alone.network.mode.value === 'host' ? (text: string) => text.startsWith('allow ') : () => false
        expect(given(alone)).toEqual(expect.arrayContaining(given(policy).filter((text) => !free(text))))
        const looks = ranks(policy).map((rank, at) => (at === 1 ? 0 : rank))
        for (const [at, rank] of looks.entries()) expect(rank).toBeLessThanOrEqual(ranks(alone)[at]!)
      }),
      { numRuns: 300 },
    )
  })

  it('what is pending is not in the policy, and is from a repository', async () => {
    await fc.assert(
      fc.asyncProperty(userRc, anything, anything, approvals, async (user, repo, inner, approved) => {
        const { policy, pending } = await resolve({ user, repo, inner, approvals: approved })
        for (const grant of pending) {
          expect(approved.approver(grant)).toBeUndefined()
          expect(grant.file).toMatch(/\.agentboxrc$/)
          expect({ grant, held: holds(policy, grant) }).toEqual({ grant, held: false })
        }
      }),
      { numRuns: 300 },
    )
  })

  it('an approved grant changes nothing about what is restricted', async () => {
    await fc.assert(
      fc.asyncProperty(userRc, anything, async (user, repo) => {
        const [asking, granted] = [
          await resolve({ user, repo }),
          await resolve({ user, repo, approvals: all }),
        ]
        expect(narrowed(granted.policy)).toEqual(narrowed(asking.policy))
        expect(granted.pending).toEqual([])
        expect(granted.policy.ceiling.some(({ value }) => value === `${HOME}/.ssh`)).toBe(true)
        expect(
          granted.policy.filesystem.read.every(
            ({ value, origin }) => origin.layer === 'user' || !value.startsWith(`${PROJECT}/`),
          ),
        ).toBe(true)
      }),
      { numRuns: 150 },
    )
  })
})
