import type { Journal } from './journal.ts'
import type { HeldBox } from './launcher.ts'

/** Milliseconds in which a lost protection must be back. */
const GRACE = 1000

/** Whoever protects the running box tells this when it cannot any more. */
export interface Guard {
  /**
   * `part` does not work. `restore` tries to have it back; if that fails or takes longer than a second, the
   * policy decides about the box. Resolves when one or the other has happened.
   */
  lost(part: string, reason: string, restore: () => Promise<void>): Promise<void>
  /** Why the box was ended or frozen, or what it went on without; for the terminal when the agent has gone. */
  verdicts: readonly string[]
}

export type OnFailure = 'stop' | 'freeze' | 'continue'

export function makeGuard(box: HeldBox, journal: Journal, onFailure: OnFailure): Guard {
  const verdicts: string[] = []
  return {
    verdicts,
    async lost(part, reason, restore) {
      journal.record({ kind: 'degraded', part, reason })
      const failure = await failureOf(restore)
      if (failure === undefined) {
        journal.record({ kind: 'restored', part })
        return
      }
      const why = `${part}: ${reason}; ${failure}`
      journal.record({ kind: 'stopped', how: onFailure, reason: why })
      verdicts.push(`${VERDICTS[onFailure]}: ${why}`)
      if (onFailure === 'stop') box.end()
      else if (onFailure === 'freeze') await box.freeze()
    },
  }
}

const VERDICTS: Record<OnFailure, string> = {
  stop: 'the box was ended (live.onFailure: stop)',
  freeze: 'the box was frozen (live.onFailure: freeze)',
  continue: 'the box went on without protection (live.onFailure: continue)',
}

async function failureOf(restore: () => Promise<void>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('it could not be had back within a second'), GRACE)
  })
  try {
    return await Promise.race([restore().then(() => undefined), late])
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}
