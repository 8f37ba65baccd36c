import type { LaunchPlan } from '../plan/ops.ts'
import { makeCgroup, type Cgroup, type CgroupPlace, type Limits } from './cgroup.ts'

/** How the limits of a box are held here. */
export interface HeldLimits {
  /** Limits of single processes, which the helper sets: where no control group holds them. */
  each: Limits
  /** The control groups that the box has to be started in. */
  groups: readonly string[] | undefined
  /** What cannot be held as the policy has it. */
  warnings: readonly string[]
  /** What the box ran into; for the user, when it has ended. Lets go of everything. */
  release(): string[]
}

/**
 * Memory is of all processes together only in a control group. The number of processes is the kernel's own
 * count for each user, from which it exempts root: for root there is the group as well.
 */
export function holdLimits(
  { limits }: LaunchPlan,
  uid: number,
  session: string,
  place?: CgroupPlace,
): HeldLimits {
  const together: Limits = {
    memory: limits.memory,
    ...(uid === 0 ? { processes: limits.processes } : {}),
  }
  const cgroup = makeCgroup(together, `agentbox-${process.pid}-${session}`, place)
  const alone = limits.memory !== undefined && cgroup === undefined
  return {
    each: { processes: limits.processes, memory: alone ? limits.memory : undefined },
    groups: cgroup?.entrances,
    warnings: alone
      ? ['limits.memory holds for each process by itself: here is no control group that may be used']
      : [],
    release: () => (cgroup === undefined ? [] : released(cgroup, limits)),
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
