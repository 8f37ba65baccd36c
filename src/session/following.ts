import { policyPlaces } from '../config/find.ts'
import { recordPath } from '../config/trust.ts'
import { configPlaces } from '../config/user-config.ts'
import { realpathOf } from '../host/files.ts'
import { eventTurns } from '../masks/watch/turn.ts'
import type { Follower, FollowInput } from './follow.ts'
import { followGit } from './follow-git.ts'
import type { LiveMasks } from './live.ts'
import type { BoxNetwork } from './network.ts'
import { redecided } from './redecide.ts'
import { restrictFiles } from './restrict-files.ts'
import { loadAgain } from './situation.ts'
import type { Watched } from './supervise.ts'

/** Milliseconds: the agent's start comes first. */
const AFTER = 250

/**
 * Keeps the box as strict as the files of its policy become while it runs. Nothing of them makes it wider:
 * what is wider is told, and holds from the next launch on.
 */
export interface Following extends Follower {
  /** Not before: what is stricter is done by these. */
  begin(live: LiveMasks, network: BoxNetwork): void
}

export function followPolicy(watched: Watched): Following {
  const { guard } = watched
  let follower: Follower | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const start = async (live: LiveMasks, network: BoxNetwork): Promise<void> => {
    try {
      const { startFollowing } = await import('./follow.ts')
      if (!closed) follower = startFollowing(inputOf(watched, live, network))
    } catch (error) {
      const never = (): Promise<void> => Promise.reject(new Error('it cannot be followed'))
      void guard.lost('policy', error instanceof Error ? error.message : String(error), never)
    }
  }
  return {
    begin(live, network) {
      timer = setTimeout(() => void start(live, network), AFTER).unref()
    },
    poke: () => follower?.poke(),
    close() {
      closed = true
      clearTimeout(timer)
      follower?.close()
    },
  }
}

function inputOf(watched: Watched, live: LiveMasks, network: BoxNetwork): FollowInput {
  const { prepared, journal, running } = watched
  const { situation } = prepared
  const { dirs, cwd, project } = situation
  let { loaded } = situation
  const config = configPlaces(dirs.config)
  const git = followGit(watched, live)
  return {
    project: project.root,
    inputs() {
      const policies = loaded.units.map(({ path }) => path)
      const links = config.flatMap((path) => realpathOf(path) ?? [])
      const records = policies.map((path) => recordPath(dirs.state, path))
      return [...new Set([...policyPlaces(cwd), ...loaded.steering, ...config, ...links, ...records])]
    },
    others: git.places,
    async load() {
      loaded = await loadAgain(situation)
      return redecided(situation, loaded).policy
    },
    running: () => running.policy,
    async restrict(policy) {
      const before = running.policy
      running.policy = policy
      const closed = network.restrict(policy.network)
      // What goes wrong with masks has been told as a failure of theirs, and is mended or ends the box.
      const masked = live.restrict(policy).catch(() => {})
      const failed = await restrictFiles(watched, before, policy)
      await Promise.all([masked, closed])
      return failed
    },
    say: (file, effect) => journal.record({ kind: 'policy', file, effect }),
    onLook: git.look,
    degraded: (reason) => journal.record({ kind: 'degraded', part: 'policy', reason }),
    turns: eventTurns(),
  }
}
