import { RC_NAMES } from '../config/find.ts'
import { readRegular } from '../host/files.ts'
import { nameOf, parentOf } from '../host/paths.ts'
import type { Watched } from './supervise.ts'

/** Milliseconds: an editor's steps are one change. */
const DELAY = 200
const LARGEST = 1 << 20

/** Says in the journal that a policy file of the project changed, which a running box does not follow. */
export function notePolicyChanges({ journal, prepared }: Watched): (path: string) => void {
  const { files } = prepared.situation.loaded
  const names: readonly string[] = RC_NAMES
  const before = new Map(files.map(({ path }) => [path, contentOf(path)]))
  const timers = new Map<string, NodeJS.Timeout>()
  const compare = (path: string): void => {
    timers.delete(path)
    const now = contentOf(path)
    if (now === before.get(path)) return
    before.set(path, now)
    const what = now === undefined ? 'was removed' : 'changed'
    journal.record({ kind: 'policy', file: path, effect: `${what}; this box keeps the policy it began with` })
  }
  return (path) => {
    // Any other is about directories further in, or appeared in this session.
    if (!names.includes(nameOf(path)) || ![...before.keys()].some((one) => parentOf(one) === parentOf(path)))
      return
    if (!timers.has(path)) timers.set(path, setTimeout(() => compare(path), DELAY).unref())
  }
}

function contentOf(path: string): string | undefined {
  return readRegular(path, LARGEST)?.toString('latin1')
}
