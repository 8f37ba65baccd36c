import { maskedInHistory, type HistoryFinding } from '../git/history.ts'
import { compileMatcher } from '../masks/patterns.ts'
import { placesText, remedies } from '../ui/wording/history.ts'
import type { Check, Finding } from './types.ts'

/** Findings that are named one by one. */
const MOST = 20

export const history: Check = {
  id: 'history',
  about: 'secrets that git has: tracked, in commits, in stashes; no mask hides those',
  async run({ situation }) {
    const root = situation?.project.repository === undefined ? undefined : situation.project.root
    if (situation === undefined || root === undefined) return []
    const matcher = compileMatcher(situation.policy.masks)
    const { findings, complete } = await maskedInHistory({
      root,
      isMasked: (path) => matcher.match(`${root}/${path}`, false) !== undefined,
    })
    return [...findings.slice(0, MOST).map(told), ...more(findings.length), ...unfinished(complete)]
  },
}

function told(finding: HistoryFinding): Finding {
  return {
    check: 'history',
    severity: 'warning',
    problem: `${finding.path} is in git: ${placesText(finding)}`,
    why: 'an agent can read it from the repository, which it needs; so can everybody who clones it',
    mend: `change the secrets in it; ${remedies(finding).join('; ')}`,
  }
}

function more(count: number): Finding[] {
  if (count <= MOST) return []
  return [
    {
      check: 'history',
      severity: 'warning',
      problem: `${count - MOST} more masked names are in git`,
      why: 'the same holds for them',
      mend: 'agentbox scan --history',
    },
  ]
}

function unfinished(complete: boolean): Finding[] {
  if (complete) return []
  return [
    {
      check: 'history',
      severity: 'note',
      problem: 'not all of the history was looked at: it is long, or objects are missing',
      why: 'there may be more secrets in it',
      mend: 'agentbox scan --history',
    },
  ]
}
