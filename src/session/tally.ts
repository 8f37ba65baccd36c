import type { JournalLine, SessionEvent } from './events.ts'

/** What a session comes to: numbers and names for the closing summary. Pure. */
export interface Tally {
  began: number
  ended: number
  appeared: string[]
  replaced: string[]
  /** Masked or hidden since the policy changed. */
  restricted: string[]
  quarantined: string[]
  reported: string[]
  edited: string[]
  /** By host. */
  refused: Map<string, number>
  /** `host:port` of what was refused because nothing lists it. */
  unlisted: Set<string>
  policy: string[]
  /** Why a port of the box is not reachable. */
  unexposed: string[]
}

/** Names of one kind that are kept; what comes after is only counted by its absence. */
const MOST = 1000

export function startTally(began: number): Tally {
  const lists = { appeared: [], replaced: [], restricted: [], quarantined: [], reported: [], edited: [] }
  return { began, ended: began, ...lists, policy: [], unexposed: [], refused: new Map(), unlisted: new Set() }
}

/** Adds an event to the tally, in place: a session has too many of them to copy it each time. */
export function count(tally: Tally, event: JournalLine): void {
  tally.ended = event.at
  switch (event.kind) {
    case 'masked':
      return add(event.how === 'policy' ? tally.restricted : tally[event.how], event.path)
    case 'quarantined':
    case 'reported':
    case 'edited':
      return add(tally[event.kind], event.path)
    case 'network':
      if (event.decision === 'refused') countRefused(tally, event)
      return
    case 'policy':
      return add(tally.policy, `${event.file}: ${event.effect}`)
    case 'degraded':
      return event.part === 'network.expose' ? add(tally.unexposed, event.reason) : undefined
    default:
  }
}

type Network = Extract<SessionEvent, { kind: 'network' }>

function countRefused({ refused, unlisted }: Tally, { host, port, rule, times = 1 }: Network): void {
  if (refused.has(host) || refused.size < MOST) refused.set(host, (refused.get(host) ?? 0) + times)
  if (rule.includes('not in network.allow') && unlisted.size < MOST) unlisted.add(`${host}:${port}`)
}

function add(list: string[], text: string): void {
  if (list.length < MOST && !list.includes(text)) list.push(text)
}
