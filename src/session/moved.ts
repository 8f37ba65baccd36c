import { ancestorsBetween, isWithin, nameOf } from '../host/paths.ts'
import { placesOf } from '../masks/hard-links.ts'
import { skipVendored } from '../masks/scan.ts'
import { decideAlone } from '../masks/set.ts'
import { quarantine } from '../protect/quarantine.ts'
import type { Rules } from './live-rules.ts'
import type { Strayed } from './placing.ts'
import type { Watched } from './supervise.ts'
import { writableRoots } from './survey.ts'

/** Who would have it, for people. */
const RUN_BY = 'the next session: it is a secret, moved to where no mask would cover it'

/**
 * A secret that appeared while the box ran is covered, but what is above it was not pinned: the agent can move it
 * to where the next launch does not know it. To be asked when the box has ended. The walk through everything happens
 * only if a directory of a secret is not where it was.
 */
export function takeBackMoved(
  { prepared, session, journal }: Watched,
  rules: Rules,
  strayed: Strayed[],
): void {
  if (strayed.length === 0) return
  const { project, dirs } = prepared.situation
  const roots = writableRoots(project.root, prepared.survey)
  const { found, closed } = placesOf(new Set(strayed.map(({ key }) => key)), roots)
  if (found.length < strayed.length && closed.length > 0) {
    const reason = `${strayed[0]!.path} was moved or removed; ${closed[0]!.path} could not be looked into`
    journal.record({ kind: 'degraded', part: 'masks', reason })
  }
  for (const path of found) {
    const root = roots.find((dir) => isWithin(path, dir))!
    if (isFoundAgain(rules, path, root)) continue
    try {
      const entry = quarantine(dirs.state, { path, root, session: session.id, runBy: RUN_BY })
      if (entry !== undefined) journal.record({ kind: 'quarantined', path, runBy: RUN_BY, id: entry.id })
    } catch {
      journal.record({ kind: 'reported', path, runBy: RUN_BY })
    }
  }
}

function isFoundAgain(rules: Rules, path: string, root: string): boolean {
  const above = ancestorsBetween(root, path)
  if (above.some((dir) => skipVendored(nameOf(dir), dir))) return false
  return [path, ...above].some((one) => decideAlone(rules, one).length > 0)
}
