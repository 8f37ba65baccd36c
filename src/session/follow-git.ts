import { readdirSync } from 'node:fs'
import { verified } from '../git/repository.ts'
import { fsPath } from '../host/bytes.ts'
import { lstatOf, readRegular } from '../host/files.ts'
import type { LiveMasks } from './live.ts'
import type { Watched } from './supervise.ts'

/** Milliseconds between two looks at everything because HEAD changed: an agent can write it without end. */
const REST = 2000
const LIMIT = 4096
const MOST_HOOKS = 200

/** What of the repository is watched beside the policy. */
export interface GitFollower {
  places: string[]
  /** Something may have changed. */
  look(): void
}

/**
 * Another HEAD means other files: everything is looked at again, although each of them is heard of by itself.
 * A hook that changed is told of: the box cannot have done it, and git runs it.
 */
export function followGit({ prepared, journal }: Watched, live: LiveMasks): GitFollower {
  const repository = verified(prepared.situation.project.repository)
  if (repository === undefined) return { places: [], look() {} }
  const [head, hooks] = [`${repository.gitDir}/HEAD`, `${repository.commonDir}/hooks`]
  const headNow = (): string | undefined => readRegular(head, LIMIT)?.toString('latin1').trim()
  let [wasHead, wasHooks] = [headNow(), hooksIn(hooks)]
  let next = 0
  let timer: NodeJS.Timeout | undefined
  const checkedOut = (): void => {
    timer = undefined
    next = Date.now() + REST
    journal.record({ kind: 'checkout', head: headNow() ?? '' })
    // What goes wrong has been told by those who look.
    live.rescan().catch(() => {})
  }
  return {
    places: [head, hooks, ...[...wasHooks.keys()].map((name) => `${hooks}/${name}`)],
    look() {
      const now = headNow()
      // Gone for a moment while git replaces it.
      if (now !== undefined && now !== wasHead) {
        wasHead = now
        timer ??= setTimeout(checkedOut, Math.max(0, next - Date.now())).unref()
      }
      const found = hooksIn(hooks)
      for (const name of new Set([...found.keys(), ...wasHooks.keys()])) {
        if (found.get(name) === wasHooks.get(name)) continue
        const what = found.has(name) ? 'changed' : 'was removed'
        const effect = `git hook ${what} while the box ran, from outside of it`
        journal.record({ kind: 'policy', file: `${hooks}/${name}`, effect })
      }
      wasHooks = found
    },
  }
}

/** Names with the state of each; samples are never run. */
function hooksIn(dir: string): Map<string, string> {
  try {
    const names = readdirSync(fsPath(dir), 'latin1').filter((name) => !name.endsWith('.sample'))
    return new Map(
      names.slice(0, MOST_HOOKS).map((name) => {
        const stat = lstatOf(`${dir}/${name}`)
        return [name, [stat?.ino, stat?.size, stat?.mtimeMs, stat?.mode].join()]
      }),
    )
  } catch {
    return new Map()
  }
}
