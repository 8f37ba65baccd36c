import { literalPattern } from '../masks/patterns.ts'
import type { Check, Finding } from './types.ts'

/** Milliseconds. */
const BUDGET = 5000
const MOST = 10

export const credentials: Check = {
  id: 'credentials',
  about: 'files whose content looks like a credential and that no mask covers',
  async run({ situation }) {
    if (situation === undefined) return []
    const { unmasked } = await import('../session/detect.ts')
    const { found, left } = await unmasked(situation, BUDGET)
    const byFile = new Map(found.map(({ path, line, what }) => [path, `${path}:${line} holds: ${what}`]))
    const findings = [...byFile].slice(0, MOST).map(([path, problem]) => told(path, problem))
    return [...findings, ...rest(byFile.size), ...unfinished(left)]
  },
}

function told(path: string, problem: string): Finding {
  return {
    check: 'credentials',
    severity: 'warning',
    problem,
    why: 'masks go by name, and no pattern names this file: an agent can read it',
    mend: `masks: {patterns: [${JSON.stringify(literalPattern(path))}]} in .agentboxrc, or masks.detect: true; a false alarm: the comment "agentbox: allow-secret"`,
  }
}

function rest(count: number): Finding[] {
  if (count <= MOST) return []
  return [
    {
      check: 'credentials',
      severity: 'warning',
      problem: `${count - MOST} more files hold what looks like credentials`,
      why: 'the same holds for them',
      mend: 'agentbox scan',
    },
  ]
}

function unfinished(left: number): Finding[] {
  if (left === 0) return []
  return [
    {
      check: 'credentials',
      severity: 'note',
      problem: `${left === 1 ? 'a file was' : `${left} files were`} not looked into: too large, or there was no time`,
      why: 'there may be credentials in it',
      mend: 'agentbox scan',
    },
  ]
}
