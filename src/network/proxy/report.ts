import type { Verdict } from './access.ts'

/** Lines that may come at once, then one a second: for what was allowed, and for what was refused. */
const BURST = 500
/** Different ones that wait for their line; beyond that they are only counted. */
const MOST_WAITING = 1000

export interface Reporter {
  report(verdict: Verdict): void
  /** To be called once a second. */
  tick(): void
  /** Tells what is waiting. */
  flush(): void
}

/**
 * An agent can have a hundred thousand requests refused in a minute. Told one by one they would keep the session from
 * its masks, and push out of the journal what it should better not know; so the same is told once, with how often.
 */
export function makeReporter(tell: (verdict: Verdict, times: number) => void): Reporter {
  const purses = { allowed: makePurse(tell), refused: makePurse(tell) }
  const both = Object.values(purses)
  return {
    report: (verdict) => purses[verdict.decision].add(verdict),
    tick: () => both.forEach((purse) => purse.refill()),
    flush: () => both.forEach((purse) => purse.empty()),
  }
}

function makePurse(tell: (verdict: Verdict, times: number) => void) {
  const waiting = new Map<string, { verdict: Verdict; times: number }>()
  let lines = BURST
  const tellFirst = (): void => {
    const [first] = waiting
    if (first === undefined) return
    waiting.delete(first[0])
    tell(first[1].verdict, first[1].times)
  }
  return {
    add(verdict: Verdict): void {
      if (waiting.size === 0 && lines > 0) {
        lines--
        return tell(verdict, 1)
      }
      const named = JSON.stringify([verdict.host, verdict.port, verdict.rule, verdict.via])
      const fits = waiting.has(named) || waiting.size < MOST_WAITING
      const key = fits ? named : 'others'
      const one = waiting.get(key) ?? { verdict: fits ? verdict : others(verdict), times: 0 }
      one.times++
      waiting.set(key, one)
    },
    refill(): void {
      lines = Math.min(BURST, lines + 1)
      for (; lines > 0 && waiting.size > 0; lines--) tellFirst()
    },
    empty(): void {
      while (waiting.size > 0) tellFirst()
    },
  }
}

const others = (verdict: Verdict): Verdict => ({
  ...verdict,
  host: 'others',
  port: 0,
  rule: 'too many to name each',
})
