import type { LaunchPlan } from '../plan/ops.ts'
import { makeCgroup, type Cgroup, type CgroupPlace, type Limits } from './cgroup.ts'

/** How the limits of a box are held here. */
export interface HeldLimits {
  /** Limits of single processes, which the helper sets: where no control group holds them. */
  each: Limits
  /** The control groups that the box has to be started in. */
  groups: readonly string[] | undefined
  /** What cannot be held as the policy has it. */
  warnings: readonly { text: string; limit: 'memory' | 'processes' }[]
  /** What the box ran into; for the user, when it has ended. Lets go of everything. */
  release(): string[]
}

/**
 * Memory is of all processes together only in a control group. The number of processes is the kernel's own
 * count for each user, from which it exempts root: for root there is the group as well.
 */
export function holdLimits(
  { limits: { memory, processes } }: Pick<LaunchPlan, 'limits'>,
  uid: number,
  session: string,
  place?: CgroupPlace,
): HeldLimits {
  const name = `agentbox-${process.pid}-${session}`
  const counted = uid === 0 ? processes : undefined
  const whole = makeCgroup({ memory, processes: counted }, name, place)
  // Not every tree gives memory away.
  const cgroup = whole ?? makeCgroup({ processes: counted }, name, place)
  const alone = memory !== undefined && whole === undefined
  const none = 'here is no control group that may be used'
  return {
    each: { processes, memory: alone ? memory : undefined },
    groups: cgroup?.entrances,
    warnings: [
      ...(alone
        ? [{ limit: 'memory' as const, text: `limits.memory holds for each process by itself: ${none}` }]
        : []),
      ...(counted !== undefined && cgroup === undefined
        ? [
            {
              limit: 'processes' as const,
              text: `limits.processes does not hold: the kernel exempts root, and ${none}`,
            },
          ]
        : []),
    ],
    release: () => (cgroup === undefined ? [] : released(cgroup, { memory, processes })),
  }
}

function released(cgroup: Cgroup, limits: Limits): string[] {
  const { memory, processes } = cgroup.hits()
  cgroup.remove()
  const megabytes = Math.round((limits.memory ?? 0) / 2 ** 20)
  return [
    ...(memory === 0
      ? []
      : [
          `the box had no memory left, the kernel ended ${memory} of its processes (limits.memory: ${megabytes}M)`,
        ]),
    ...(processes === 0
      ? []
      : [`the box could not start ${processes} more processes (limits.processes: ${limits.processes})`]),
  ]
}
