import { unfinishedIn } from '../session/unfinished.ts'
import { unfinishedParts, type Part } from '../ui/wording/unfinished.ts'
import type { Check, Finding } from './types.ts'

export const unfinished: Check = {
  id: 'unfinished',
  about: 'sessions here that were killed: what they had no time to move to quarantine',
  run({ dirs, situation }) {
    if (situation === undefined) return []
    const { root } = situation.project
    const { rest, moved } = unfinishedParts(unfinishedIn(dirs.state, root), root)
    return [
      ...told('warning', rest, 'an agent may have planted it in its last moments'),
      ...told('note', moved, 'the session had no closing line that could say so'),
    ]
  },
}

function told(severity: Finding['severity'], part: Part | undefined, why: string): Finding[] {
  if (part === undefined) return []
  const { problem, names, mend } = part
  return [{ check: 'unfinished', severity, problem: `${problem}: ${names}`, why, mend }]
}
