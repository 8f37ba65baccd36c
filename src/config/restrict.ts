import { isWithin } from '../host/paths.ts'
import { entryText, expandEntry } from '../network/rules/entry.ts'
import type { PatternRule, Policy, Sourced } from '../policy/types.ts'
import { hostCovers } from './hosts.ts'

/**
 * The policy of a box that runs, when the policy of its files has become `next`: what either of them
 * refuses is refused, and nothing is given that one of them does not give. What is decided before a box
 * begins (variables, limits, the home) stays as it is. Where the two cannot be compared it is stricter than
 * both. Pure.
 */
export function restricted(running: Policy, next: Policy): Policy {
  const { filesystem, masks, network } = running
  const reads = [...next.filesystem.read, ...next.filesystem.write]
  return {
    ...running,
    filesystem: {
      ...filesystem,
      read: filesystem.read.filter((one) => holds(reads, one)),
      write: filesystem.write.filter((one) => holds(next.filesystem.write, one)),
      readonly: union(filesystem.readonly, next.filesystem.readonly),
      hide: union(filesystem.hide, next.filesystem.hide),
    },
    masks: {
      ...masks,
      patterns: union(masks.patterns, next.masks.patterns, ruleKey),
      except: intersection(masks.except, next.masks.except, ruleKey),
      substitute: intersection(masks.substitute, next.masks.substitute),
      show: stricter(['deny', 'empty', 'keys'], masks.show, next.masks.show),
    },
    network: {
      mode: stricter(['none', 'allow', 'host'], network.mode, next.network.mode),
      allow: allowedByBoth(network.allow, next.network),
      deny: union(network.deny, next.network.deny),
      ports: intersection(network.ports, next.network.ports),
      expose: intersection(network.expose, next.network.expose),
    },
    ssh: stricter(['none', 'agent'], running.ssh, next.ssh),
    live: {
      onFailure: stricter(['stop', 'freeze', 'continue'], running.live.onFailure, next.live.onFailure),
    },
    protect: { absent: stricter(['quarantine', 'report'], running.protect.absent, next.protect.absent) },
  }
}

/** `order` begins with the strictest. */
function stricter<T extends string>(order: readonly T[], one: Sourced<T>, other: Sourced<T>): Sourced<T> {
  return order.indexOf(other.value) < order.indexOf(one.value) ? other : one
}

const same = (value: unknown): unknown => value

/** An exception lifts only patterns of its own layer, so that is part of what it says. */
const ruleKey = ({ pattern, base }: PatternRule, { origin }: Sourced<PatternRule>): unknown => [
  pattern,
  base,
  origin.layer,
]

type Key<T> = (value: T, one: Sourced<T>) => unknown

function keysOf<T>(list: readonly Sourced<T>[], key: Key<T>): Set<string> {
  return new Set(list.map((one) => JSON.stringify(key(one.value, one))))
}

function union<T>(
  one: readonly Sourced<T>[],
  other: readonly Sourced<T>[],
  key: Key<T> = same,
): Sourced<T>[] {
  const known = keysOf(one, key)
  return [...one, ...other.filter((entry) => !known.has(JSON.stringify(key(entry.value, entry))))]
}

function intersection<T>(
  one: readonly Sourced<T>[],
  other: readonly Sourced<T>[],
  key: Key<T> = same,
): Sourced<T>[] {
  const known = keysOf(other, key)
  return one.filter((entry) => known.has(JSON.stringify(key(entry.value, entry))))
}

function holds(list: readonly Sourced<string>[], { value }: Sourced<string>): boolean {
  return list.some((wide) => isWithin(value, wide.value))
}

/** Under `host` everything is allowed, whatever the list says. */
function allowedByBoth(running: readonly Sourced<string>[], next: Policy['network']): Sourced<string>[] {
  if (next.mode.value === 'host') return [...running]
  const covered = (list: readonly Sourced<string>[], entry: string): boolean =>
    list.some(({ value }) => hostCovers(value, entry))
  const kept = running.flatMap((one) => (covered(next.allow, one.value) ? [one] : singles(one)))
  const narrower = next.allow.flatMap((one) => (covered(running, one.value) ? [one] : singles(one)))
  const both = [
    ...kept.filter(({ value }) => covered(next.allow, value)),
    ...narrower.filter(({ value }) => covered(running, value)),
  ]
  return both.filter(({ value }, at) => !covered(both.slice(0, at), value))
}

/** What a preset stands for; @agent is the running agent's, and only itself. */
function singles(one: Sourced<string>): Sourced<string>[] {
  return expandEntry(one.value, []).map((entry) => ({ ...one, value: entryText(entry) }))
}
