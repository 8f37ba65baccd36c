import { isWithin } from '../host/paths.ts'
import type { Policy, Sourced } from '../policy/types.ts'
import { hostCovers } from './hosts.ts'

/** One thing that a policy gives the box or takes from it, as a key of the policy and a value. */
interface Facet {
  key: string
  value: string
  gives: boolean
  /** Whether a box that runs can follow when it becomes stricter. */
  live: boolean
}

/** How the policy of the files differs from that of a box that runs, in words: `network.deny a.example`. */
export interface PolicyChanges {
  /** Stricter, and a running box can follow. */
  now: string[]
  /** Stricter from the next launch on. */
  later: string[]
  /** Wider, from the next launch on. */
  wider: string[]
}

/** Pure. */
export function policyChanges(running: Policy, next: Policy, project: string): PolicyChanges {
  const modes = [running, next].map(({ network }) => network.mode.value)
  // Which network namespace a box has is settled when it begins; in the host's no list means anything.
  const about = { project, live: modes[0] !== 'host', lists: !modes.includes('host') }
  const [before, after] = [facetsOf(running, about), facetsOf(next, about)]
  const added = missingIn(before, after)
  const removed = missingIn(after, before)
  const changes: PolicyChanges = { now: [], later: [], wider: [] }
  for (const facet of added) placeFor(changes, facet, !facet.gives).push(`${facet.key} ${facet.value}`)
  for (const facet of removed)
    placeFor(changes, facet, facet.gives).push(`without ${facet.key} ${facet.value}`)
  noteLimits(changes, running, next)
  return changes
}

function noteLimits({ later, wider }: PolicyChanges, running: Policy, next: Policy): void {
  for (const name of ['memory', 'processes', 'tmp'] as const) {
    const [before, after] = [running.limits[name]?.value, next.limits[name]?.value]
    if (before === after) continue
    const smaller = after !== undefined && (before === undefined || after < before)
    ;(smaller ? later : wider).push(
      after === undefined ? `without limits.${name}` : `limits.${name} ${after}`,
    )
  }
}

function placeFor(changes: PolicyChanges, { live }: Facet, strict: boolean): string[] {
  if (!strict) return changes.wider
  return live ? changes.now : changes.later
}

/** A host that a wider entry of the other list covers is not missing there. */
function missingIn(known: readonly Facet[], list: readonly Facet[]): Facet[] {
  const covers = (one: Facet, { key, value }: Facet): boolean =>
    one.key === key && (key.startsWith('network.') ? hostCovers(one.value, value) : one.value === value)
  return list.filter((facet) => !known.some((one) => covers(one, facet)))
}

interface About {
  project: string
  /** The network can be restricted while the box runs. */
  live: boolean
  /** `network.allow` counts. */
  lists: boolean
}

/** Preferences, what is not for the box, and what only the next launch asks about are left out. */
function facetsOf(policy: Policy, { project, live, lists }: About): Facet[] {
  const { filesystem, masks, network, env } = policy
  const relative = (path: string): string =>
    path !== project && isWithin(path, project) ? path.slice(project.length + 1) : path
  const of =
    (gives: boolean, live: boolean) =>
    (key: string, list: readonly Sourced<string | number>[]): Facet[] =>
      list.map(({ value }) => ({ key, value: relative(String(value)), gives, live }))
  const [gives, takes] = [of(true, true), of(false, true)]
  const patterns = (list: Policy['masks']['patterns']) =>
    list.map(({ value: { pattern, base }, origin }) => {
      const elsewhere = base === undefined || base === project ? '' : ` (${relative(base)})`
      return { value: `${pattern}${elsewhere}`, origin }
    })
  return [
    ...gives('filesystem.read', filesystem.read),
    ...gives('filesystem.write', filesystem.write),
    ...takes('filesystem.readonly', filesystem.readonly),
    ...takes('filesystem.hide', filesystem.hide),
    ...takes('masks.patterns', patterns(masks.patterns)),
    ...gives('masks.except', patterns(masks.except)),
    ...gives(
      'masks.substitute',
      masks.substitute.map(({ value, origin }) => ({ value: relative(value.target), origin })),
    ),
    ...levels('masks.show', masks.show.value, ['deny', 'empty', 'keys'], true),
    ...levels('network.mode', network.mode.value, ['none', 'allow', 'host'], live),
    ...(lists ? of(true, live)('network.allow', network.allow) : []),
    ...of(false, live)('network.deny', network.deny),
    ...of(true, live)('network.ports', network.ports),
    ...of(true, live)('network.expose', network.expose),
    ...levels('ssh', policy.ssh.value, ['none', 'agent'], true),
    ...levels('live.onFailure', policy.live.onFailure.value, ['stop', 'freeze', 'continue'], true),
    ...levels('protect.absent', policy.protect.absent.value, ['quarantine', 'report'], true),
    ...levels('filesystem.home', filesystem.home.value, ['ephemeral', 'private'], false),
    ...of(true, false)('env.pass', env.pass),
    ...of(true, false)(
      'credentials',
      policy.credentials.map(({ value, origin }) => ({ value: value.host, origin })),
    ),
    ...(masks.detect.value ? of(false, false)('masks.detect', [{ ...masks.detect, value: 'true' }]) : []),
  ]
}

/** A level gives all that is stricter, too; the strictest gives nothing. */
function levels<T extends string>(key: string, value: T, order: readonly T[], live: boolean): Facet[] {
  return order.slice(1, order.indexOf(value) + 1).map((level) => ({ key, value: level, gives: true, live }))
}
