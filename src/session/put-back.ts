import { readdirSync, readlinkSync } from 'node:fs'
import { fail } from '../errors.ts'
import { committedAt, nameOfObject, type TreeFile } from '../git/verified.ts'
import { fromBytes, fsPath } from '../host/bytes.ts'
import { lstatOf, readRegular } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import { freshCopy, itemPath, listQuarantine, restore, type Quarantined } from '../protect/quarantine.ts'
import { identityOf } from './placing.ts'
import { ask, liveSessions } from './registry.ts'
import type { Situation } from './situation.ts'

const LARGEST = 16 << 20
/** Milliseconds: what was moved earlier was not brought by a checkout that has just ended. */
const RECENT = 600_000

/**
 * Takes it out of quarantine, to where it was. A running session would move it away again, so each is told before
 * which file it is; what an agent puts there meanwhile is another one. Fails with `io`.
 */
export async function putBack(
  state: string,
  entry: Quarantined,
  item = freshCopy(state, entry),
): Promise<void> {
  const { path } = entry
  const identity = item === undefined ? undefined : identityOf(item)
  for (const session of liveSessions(state).filter(({ project }) => isWithin(path, project))) {
    const answer = await ask(state, session, { do: 'expect', path, ...(identity && { identity }) })
    if (answer.ok || answer.reason === 'it has ended') continue
    const reason = `the session of ${session.agent} (${session.pid}) would move it away again: ${answer.reason}`
    fail({ code: 'io', action: 'restore', path, reason })
  }
  restore(state, entry, item)
}

/**
 * After `git checkout BRANCH` on the host, which only the host can run: what that brought under a name that is
 * protected, and a session moved away, is put back. It is what the user has asked git for if the commit that he
 * came from has nothing there and the one that he went to has exactly this. Returns the paths.
 */
export async function putBackCheckedOut(
  { dirs, project }: Situation,
  [before, now, branch]: readonly string[],
): Promise<string[]> {
  if (branch !== '1' || !isName(before) || !isName(now) || project.repository === undefined) return []
  const since = Date.now() - RECENT
  const done: string[] = []
  for (const entry of listQuarantine(dirs.state)) {
    if (entry.root !== project.root || entry.at < since || lstatOf(entry.path) !== undefined) continue
    const path = entry.path.slice(project.root.length + 1)
    const where = { cwd: project.root }
    const old = await committedAt(where, before, path)
    const wanted = await committedAt(where, now, path)
    const item = itemPath(dirs.state, entry)
    if (old?.size !== 0 || wanted === undefined || item === undefined || !isExactly(item, wanted, now.length))
      continue
    // The copy is what counts: somebody may still be writing to the other one.
    const copy = freshCopy(dirs.state, entry)
    if (copy === undefined || !isExactly(copy, wanted, now.length)) continue
    await putBack(dirs.state, entry, copy)
    done.push(entry.path)
  }
  return done
}

const isName = (text: string | undefined): text is string =>
  /^(?!0+$)([0-9a-f]{40}|[0-9a-f]{64})$/.test(text ?? '')

/** Neither more nor less, nor anything else. */
function isExactly(item: string, wanted: ReadonlyMap<string, TreeFile>, digits: number): boolean {
  const found = new Map<string, TreeFile>()
  if (!collect(item, '', digits, found) || found.size === 0 || found.size !== wanted.size) return false
  return [...found].every(([path, { mode, oid }]) => {
    const one = wanted.get(path)
    return one?.mode === mode && one.oid === oid
  })
}

function collect(item: string, path: string, digits: number, into: Map<string, TreeFile>): boolean {
  const stat = lstatOf(item + path)
  if (stat?.isDirectory() === true) {
    const names = readdirSync(fsPath(item + path), 'buffer').map(fromBytes)
    return names.every((name) => collect(item, `${path}/${name}`, digits, into))
  }
  const content =
    stat?.isSymbolicLink() === true
      ? readlinkSync(fsPath(item + path), 'buffer')
      : readRegular(item + path, LARGEST)
  if (stat === undefined || content === undefined) return false
  const mode = stat.isSymbolicLink() ? '120000' : (stat.mode & 0o100) !== 0 ? '100755' : '100644'
  into.set(path, { mode, oid: nameOfObject('blob', content, digits) })
  return true
}
