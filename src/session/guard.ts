import type { Journal } from './journal.ts'
import type { HeldBox } from './launcher.ts'

/** Milliseconds in which a lost protection must be back, or nothing in the box runs on. */
const GRACE = 1000
/** For which a box stands still meanwhile, before the policy decides about it. */
const PATIENCE = 10_000

/** Whoever protects the running box tells this when it cannot any more. */
export interface Guard {
  /**
   * `part` does not work. `restore` tries to have it back. If that takes longer than a second, the box stands
   * still until it is done; if it fails, or is not done after ten more, the policy decides. Resolves when one or
   * the other has happened.
   */
  lost(part: string, reason: string, restore: () => Promise<void>): Promise<void>
  /** Why the box was ended or frozen, or what it went on without; for the terminal when the agent has gone. */
  verdicts: readonly string[]
}

export type OnFailure = 'stop' | 'freeze' | 'continue'

/**
 * `wanted` is asked when it is needed, since the policy may become stricter. `warn`: tells at once that the box does not go on, to whoever
 * sits before it.
 */
export function makeGuard(
  box: HeldBox,
  journal: Journal,
  wanted: () => OnFailure,
  warn: (text: string) => void,
): Guard {
  const verdicts: string[] = []
  /** The box goes on no more: there is nothing left to lose. */
  let over = false
  const decide = (why: string): void => {
    const onFailure = wanted()
    journal.record({ kind: 'stopped', how: onFailure, reason: why })
    verdicts.push(`${VERDICTS[onFailure]}: ${why}`)
    over = onFailure !== 'continue'
    if (onFailure === 'stop') box.end()
    if (onFailure !== 'freeze') return
    box.freezeForGood()
    warn(`the box stands still (live.onFailure: freeze): ${why}; Ctrl-C or kill ${process.pid} ends it`)
  }
  return {
    verdicts,
    async lost(part, reason, restore) {
      if (over || box.ended) return
      journal.record({ kind: 'degraded', part, reason })
      const work = restore()
      let failure = await failureOf(work, GRACE, 'it could not be had back within a second')
      const stood = failure?.late === true && wanted() !== 'continue'
      if (stood) {
        void box.freeze()
        failure = await failureOf(work, PATIENCE, 'it could not be had back while the box stood still')
      }
      // The end of a box takes its protections down as well, and may be told later.
      if (box.ended) return
      if (failure !== undefined) return decide(`${part}: ${reason}; ${failure.text}`)
      if (stood) box.thaw()
      journal.record({ kind: 'restored', part, stood })
    },
  }
}

const VERDICTS: Record<OnFailure, string> = {
  stop: 'the box was ended (live.onFailure: stop)',
  freeze: 'the box was frozen (live.onFailure: freeze)',
  continue: 'the box went on without protection (live.onFailure: continue)',
}

interface Failure {
  text: string
  /** The work goes on. */
  late: boolean
}

async function failureOf(work: Promise<void>, limit: number, text: string): Promise<Failure | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Failure>((resolve) => {
    timer = setTimeout(() => resolve({ text, late: true }), limit)
  })
  try {
    return await Promise.race([work.then(() => undefined), late])
  } catch (error) {
    return { text: error instanceof Error ? error.message : String(error), late: false }
  } finally {
    clearTimeout(timer)
  }
}
