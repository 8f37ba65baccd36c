import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { openControl } from './control.ts'
import type { EarlyWatch } from './early.ts'
import { startLive, type LiveMasks } from './live.ts'
import { followPolicy } from './following.ts'
import { makeGuard, type Guard } from './guard.ts'
import { openJournal, type Journal } from './journal.ts'
import type { AgentEnd, HeldBox } from './launcher.ts'
import { openNetwork, type Outside } from './network.ts'
import type { Policy } from '../policy/types.ts'
import type { Prepared } from './prepare.ts'
import { registerSession, type SessionAnswer, type SessionRequest } from './registry.ts'
import type { SessionDir } from './backing.ts'
import { count, startTally, type Tally } from './tally.ts'

/** Milliseconds: the box's own end closes the hand's socket, and is told over another one. */
const SETTLE = 50
/** Somebody who kills the helper again and again is not outrun. */
const MOST_REJOINS = 20

/** What the parts that look after a running box are given. */
export interface Watched {
  box: HeldBox
  prepared: Prepared
  session: SessionDir
  journal: Journal
  guard: Guard
  /** What holds for the box now: at its beginning the policy that it was made by, later perhaps a stricter one. */
  running: { policy: Policy }
}

/** What there is already when a box stands. */
interface Around {
  session: SessionDir
  early: EarlyWatch
  /** Tells the user at once. */
  warn(text: string): void
  outside: Outside
}

/** The care for one running box, from before its agent starts until after it has ended. */
export interface Supervision {
  tally: Tally
  /** See `Guard.verdicts`. */
  verdicts: readonly string[]
  guard: Guard
  /** To be called when nothing of the box is left. */
  close(end: AgentEnd): Promise<void>
}

/**
 * Begins to look after a box that is held: journal, registration, control socket, and the hand inside.
 * What must be there before the agent starts is when this resolves; it rejects with what the box must not
 * start without.
 */
export async function supervise(
  box: HeldBox,
  prepared: Prepared,
  { session, early, warn, outside }: Around,
): Promise<Supervision> {
  const { situation, plan, profile, survey } = prepared
  const { dirs, facts, policy, project } = situation
  const journal = openJournal(dirs.state, session.id, facts.uid)
  const began = Date.now()
  const tally = startTally(began)
  journal.onEvent((event) => count(tally, event))
  const about = { project: project.root, agent: profile.name, command: [...plan.argv], network: plan.network }
  journal.record({ kind: 'started', ...about, masks: survey.masks.length })
  registerSession(session.path, { version: 1, id: session.id, pid: process.pid, began, ...about })
  const running = { policy }
  const guard = makeGuard(box, journal, () => running.policy.live.onFailure.value, warn)
  const watched: Watched = { box, prepared, session, journal, guard, running }
  const following = followPolicy(watched)
  const live = startLive(watched, early, () => following.poke())
  void keepHandInside(watched, live)
  const finish = (how: string): void => {
    following.close()
    live.close()
    journal.record({ kind: 'ended', how })
    journal.close()
  }
  const network = await openNetwork(box, prepared, { journal, warn, outside }).catch((error: unknown) => {
    finish('the network of the box could not be opened')
    throw error
  })
  following.begin(live, network)
  const control = openControl(session.path, (request) => answer(request, live))
  return {
    tally,
    verdicts: guard.verdicts,
    guard,
    async close(end) {
      control.close()
      await network.close()
      await live.finish()
      finish(endText(end))
    },
  }
}

/** The process that mounts masks in the box may be killed; another one takes its place. */
async function keepHandInside({ box, guard }: Watched, live: LiveMasks): Promise<void> {
  for (let tries = 0; tries < MOST_REJOINS; tries++) {
    await box.inside.lost
    await delay(SETTLE, undefined, { ref: false })
    // Where this process was busy meanwhile, the word of the box's end is there but not read.
    await turn()
    if (box.ended) return
    await guard.lost('masks', 'the helper in the box is gone', async () => {
      await box.rejoin()
      await live.restore()
    })
  }
}

async function answer(request: SessionRequest, live: LiveMasks): Promise<SessionAnswer> {
  switch (request.do) {
    case 'rescan':
      return { ok: true, masked: await rescan(live) }
    case 'expect':
      live.expect(request.path, request.identity)
      return { ok: true, masked: [] }
    case 'mask':
      return { ok: true, masked: (await live.cover(request.path)) ? [request.path] : [] }
  }
}

async function rescan(live: LiveMasks): Promise<string[]> {
  const placed = await live.rescan()
  await live.settled()
  return placed
}

function endText(end: AgentEnd): string {
  switch (end.kind) {
    case 'exited':
      return `exit ${end.code}`
    case 'killed':
      return `signal ${end.signal}`
    case 'exec-failed':
    case 'setup-failed':
      return end.kind
  }
}
