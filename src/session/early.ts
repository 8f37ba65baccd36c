import { trackMasks, type Tracker, type TrackerInput } from '../masks/tracker.ts'
import { joined } from '../masks/sieve.ts'
import type { Mask } from '../masks/types.ts'
import { byHandSieve } from '../protect/by-hand.ts'
import { protectedSieve } from '../protect/names.ts'
import { hiding, type Rules } from './live-rules.ts'
import type { Prepared } from './prepare.ts'
import { repositoryParts, unwatchedNames } from '../protect/repositories.ts'
import type { Survey } from './survey.ts'

type Listener = TrackerInput['on']

/** Names that are watched besides those of secrets. */
const OTHERS = joined(protectedSieve, byHandSieve, repositoryParts, unwatchedNames)

/** The watch over the project while its box is being built. */
export interface EarlyWatch {
  tracker: Tracker
  /** By which it decides. */
  rules: Rules
  /** To be called once: tells what has happened since the watch began, and from then on everything at once. */
  listen(listener: Listener): void
}

/**
 * Begins to watch when bwrap is still at work, for this process has nothing else to do then: so nothing that
 * happens after the scan is missed, and most directories are watched before the agent starts.
 */
export function watchEarly({ survey, situation }: Pick<Prepared, 'survey' | 'situation'>): EarlyWatch {
  const rules = hiding(survey.rules, situation.policy)
  let listening: Listener | undefined
  const waiting: ((listener: Listener) => void)[] = []
  const tell = (what: (listener: Listener) => void): void => {
    if (listening === undefined) waiting.push(what)
    else what(listening)
  }
  const on: Listener = {
    urgent: (mask, stat) => tell((to) => to.urgent(mask, stat)),
    changed: (delta, all, urged) => tell((to) => to.changed(delta, all, urged)),
    other: (path, how) => tell((to) => to.other(path, how)),
    plain: (path, stat) => tell((to) => to.plain(path, stat)),
    missed: (reason) => tell((to) => to.missed(reason)),
    degraded: (reason, count) => tell((to) => to.degraded(reason, count)),
    lost: (root) => tell((to) => to.lost(root)),
    failed: (error) => tell((to) => to.failed(error)),
  }
  return {
    tracker: track(survey, rules, on, survey.masks),
    rules,
    listen(listener) {
      listening = listener
      for (const what of waiting.splice(0)) what(listener)
    },
  }
}

/** Watches the project by these rules; `initial` is what is masked already. */
export function track(survey: Survey, rules: Rules, on: Listener, initial: readonly Mask[]): Tracker {
  return trackMasks({ masks: rules, apart: survey.rules.hidden, others: OTHERS, on }, initial)
}
