import { readdirSync } from 'node:fs'
import { fsPath } from '../host/bytes.ts'
import { lstatOf } from '../host/files.ts'
import type { Touch } from '../masks/watch/types.ts'
import { byHandDirectories, byHandOf } from '../protect/by-hand.ts'
import type { Watched } from './supervise.ts'

/** Files that are told of; a checkout of everything is not worth more. */
const MOST = 1000

/** Notes what changed that people run by hand. Who changed it cannot be told: the agent or its user. */
export interface ByHand {
  look(path: string, how: Touch): void
  close(): void
}

export function watchByHand({ journal, prepared }: Watched): ByHand {
  const began = Date.now()
  const told = new Set<string>()
  const { root } = prepared.situation.project
  const tell = (path: string, runBy: string): void => {
    if (told.size >= MOST || told.has(path)) return
    told.add(path)
    journal.record({ kind: 'edited', path, runBy })
  }
  return {
    look(path, how) {
      const stat = lstatOf(path)
      // Listed: it may have stood there all the time.
      if (stat === undefined || (how === 'listed' && stat.ctimeMs < began)) return
      tell(path, byHandOf(path) ?? 'you')
    },
    close() {
      for (const [dir, runBy] of Object.entries(byHandDirectories))
        if (isChanged(`${root}/${dir}`, began)) tell(`${root}/${dir}`, runBy)
    },
  }
}

/** Not watched, since too much is in such places: one look when the box has ended. */
function isChanged(dir: string, began: number): boolean {
  const stat = lstatOf(dir)
  if (stat?.isDirectory() !== true) return false
  const names = (): string[] => readdirSync(fsPath(dir), 'latin1').slice(0, MOST)
  try {
    return stat.ctimeMs >= began || names().some((name) => (lstatOf(`${dir}/${name}`)?.ctimeMs ?? 0) >= began)
  } catch {
    // The agent has closed it to its user, which is a change.
    return true
  }
}
