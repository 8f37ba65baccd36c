import type { Origin, Policy, Sourced } from '../../policy/types.ts'
import { parseAddress, specialAddress } from './address.ts'
import { expandEntry, type Entry } from './entry.ts'
import { targetText, type Authority } from './host.ts'

/** One line of the policy, or one host of the preset that stands there. */
interface Rule {
  entry: Exclude<Entry, { kind: 'preset' }>
  /** As the policy says it. */
  text: string
  origin: Origin
}

export interface Rules {
  allow: readonly Rule[]
  deny: readonly Rule[]
  /** Everything is refused, by this. */
  closed?: Sourced<string> | undefined
}

export type Decision =
  /** `exact`: the rule names this very port. */
  | { allowed: true; rule: string; origin: Origin; exact: boolean }
  | { allowed: false; rule: string; origin?: Origin | undefined }

/** Without a port an entry means these. */
const USUAL_PORTS = [80, 443]

export function compileRules(
  { allow, deny }: Pick<Policy['network'], 'allow' | 'deny'>,
  agentHosts: readonly string[],
): Rules {
  const rules = (list: readonly Sourced<string>[]): Rule[] =>
    list.flatMap(({ value, origin }) =>
      expandEntry(value, agentHosts).map((entry) => ({ entry, text: value, origin })),
    )
  return { allow: rules(allow), deny: rules(deny) }
}

/** The rules of a box that has a way out and should have none any more. */
export function closedRules(rules: Rules, { origin }: Policy['network']['mode']): Rules {
  return { ...rules, closed: { value: 'network.mode: none', origin } }
}

/** May the box talk to this name or address, on this port? What a name resolves to is `decideAddress`'s. */
export function decide(rules: Rules, { target, port }: Authority): Decision {
  const host = targetText(target)
  const { closed } = rules
  if (closed !== undefined) return { allowed: false, rule: closed.value, origin: closed.origin }
  const denied = rules.deny.find(({ entry }) => matches(entry, host) && denies(entry, port))
  if (denied !== undefined)
    return { allowed: false, rule: `network.deny: ${denied.text}`, origin: denied.origin }
  const named = rules.allow.filter(({ entry }) => matches(entry, host))
  const rule =
    named.find(({ entry }) => entry.port === port) ?? named.find(({ entry }) => allows(entry, port))
  if (rule !== undefined) {
    return { allowed: true, rule: rule.text, origin: rule.origin, exact: rule.entry.port === port }
  }
  return named.length === 0
    ? { allowed: false, rule: 'not in network.allow' }
    : { allowed: false, rule: `port ${port} is not in network.allow`, origin: named[0]!.origin }
}

/**
 * Why an address, which an allowed name resolves to or which was asked for, is not dialled; undefined if it
 * is. One that is not of the public internet must be listed itself, and so must one that `isOwn` says this machine has.
 */
export function refusedAddress(
  rules: Rules,
  address: string,
  port: number,
  isOwn: (address: string) => boolean = () => false,
): string | undefined {
  const bytes = parseAddress(address)
  if (bytes === undefined) return `${address} is no address`
  const target = { kind: 'address', address: canonical(address) } as const
  const decision = decide(rules, { target, port })
  if (decision.allowed) return undefined
  if (isRestriction(decision.rule)) return decision.rule
  const special = specialAddress(bytes) ?? (isOwn(target.address) ? "this machine's own" : undefined)
  return special === undefined ? undefined : `${address} is ${special}`
}

/** It is refused because a rule says so, not because none allows it. */
export function isRestriction(rule: string): boolean {
  return /^network\.(?:deny|mode)\b/.test(rule)
}

function canonical(address: string): string {
  const [entry] = expandEntry(address.includes(':') ? `[${address}]` : address, [])
  return entry?.kind === 'address' ? entry.address : address
}

/** Label by label: `*.b.c` is every name below `b.c`. */
function matches(entry: Rule['entry'], host: string): boolean {
  if (entry.kind === 'address') return entry.address === host
  return entry.below
    ? host.endsWith(`.${entry.name}`) && host.length > entry.name.length + 1
    : entry.name === host
}

function allows({ port }: Rule['entry'], wanted: number): boolean {
  return port === undefined ? USUAL_PORTS.includes(wanted) : port === wanted
}

/** What is denied without a port is denied on all of them. */
function denies({ port }: Rule['entry'], wanted: number): boolean {
  return port === undefined || port === wanted
}
