import { lstatOf, realpathOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import type { Identity } from '../plan/ops.ts'
import { SSH_SOCKET } from '../plan/stages.ts'
import type { Policy, Sourced } from '../policy/types.ts'
import { identityOf } from './placing.ts'
import type { Watched } from './supervise.ts'

/**
 * What the running box must not see or change any more, beside masks: grants that are gone, parts that are
 * read-only now. Resolves with what it cannot be kept from, in words of the policy.
 */
export async function restrictFiles(watched: Watched, before: Policy, now: Policy): Promise<string[]> {
  const failed: string[] = []
  const { read, write, readonly } = now.filesystem
  const { project } = watched.prepared.situation
  const attempt = async (words: string, work: Promise<boolean>): Promise<void> => {
    // The hand's loss is told by the hand itself.
    if (!(await work.catch(() => false))) failed.push(words)
  }
  for (const { value } of gone(before.filesystem.read, [...read, ...write]))
    await attempt(`without filesystem.read ${value}`, covered(watched, value))
  for (const { value } of gone(before.filesystem.write, write)) {
    const readable = read.some((one) => isWithin(value, one.value))
    const work = readable ? protectedNow(watched, value) : covered(watched, value)
    await attempt(`without filesystem.write ${value}`, work)
  }
  for (const { value } of gone(readonly, before.filesystem.readonly)) {
    const path = realpathOf(value)
    if (path === undefined || !isWithin(path, project.root)) continue
    const words = `filesystem.readonly ${value.slice(project.root.length + 1)}`
    await attempt(words, protectedNow(watched, path))
  }
  if (before.ssh.value !== now.ssh.value) await attempt('ssh none', withoutKeys(watched))
  return failed
}

function gone(before: readonly Sourced<string>[], now: readonly Sourced<string>[]): Sourced<string>[] {
  const left = new Set(now.map(({ value }) => value))
  return before.filter(({ value }) => !left.has(value))
}

/** The place is empty from now on. What was open stays open. */
async function covered(watched: Watched, path: string): Promise<boolean> {
  const real = realpathOf(path)
  // What was not there when the box began is not in it.
  return real === undefined || (await emptied(watched, real, identityOf(real)))
}

async function emptied({ box }: Watched, path: string, expected: Identity | undefined): Promise<boolean> {
  if (expected === undefined) return true
  const empty = { kind: 'empty' } as const
  const first = await box.inside.mask(path, empty, expected)
  // The host has another one there than the box.
  const { error } = first.error === 'EEXIST' ? await box.inside.mask(path, empty, first.found) : first
  return error === undefined || error === 'ENOENT'
}

/**
 * A file only. A directory would be another mount: a process that stands in it already would go on writing,
 * and would not see masks that are made in it from then on.
 */
async function protectedNow({ box }: Watched, path: string): Promise<boolean> {
  const expected = identityOf(path)
  if (expected === undefined || lstatOf(path)?.isFile() !== true) return false
  const { error } = await box.inside.protect(path, expected)
  return error === undefined || error === 'ENOENT'
}

async function withoutKeys(watched: Watched): Promise<boolean> {
  const op = watched.prepared.plan.ops.find(({ dest }) => dest === SSH_SOCKET)
  return op?.kind !== 'bind' || (await emptied(watched, SSH_SOCKET, identityOf(op.source)))
}
