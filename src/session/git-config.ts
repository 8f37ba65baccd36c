import { lstatSync, mkdirSync, writeFileSync } from 'node:fs'
import { callGit } from '../git/call.ts'
import { judgeChanges } from '../git/config-changes.ts'
import { parseGitConfig } from '../git/config.ts'
import { readConfig } from '../git/settings.ts'
import { readBeneath } from '../host/beneath.ts'
import { fsPath } from '../host/bytes.ts'
import { readRegular } from '../host/files.ts'
import type { Project } from '../host/project.ts'
import type { LaunchPlan, SandboxOp } from '../plan/ops.ts'
import { configFiles } from '../protect/git.ts'
import type { Inside } from './inside.ts'

/**
 * `.git/config` is read-only in the box, but git writes to it on every day: a new branch that follows another
 * one, `push -u`, `branch -d`. git replaces it by renaming a lock file, which a mount cannot take (EBUSY).
 * But before that it resolves a link: so a link is mounted there, to a copy in a directory that the box may
 * write. At the end what is harmless of the changes is taken over, and the rest named.
 */
export interface GitConfigs {
  /** On the host, in the session's directory. */
  dir: string
  copies: Copy[]
}

interface Copy {
  path: string
  /** Its directory in `dir`. */
  name: string
  given: Buffer
}

const INSIDE = '/run/agentbox/git'
const LIMIT = 1024 * 1024

export function copyGitConfigs({ repository }: Project, session: string): GitConfigs {
  const dir = `${session}/git`
  const files = repository === undefined || repository.kind === 'unverified' ? [] : configFiles(repository)
  mkdirSync(dir, { mode: 0o700 })
  const copies = files.flatMap((path, index): Copy[] => {
    const given = readRegular(path, LIMIT)
    if (given === undefined) return []
    mkdirSync(`${dir}/${index}`, { mode: 0o700 })
    writeFileSync(`${dir}/${index}/config`, given, { flag: 'wx', mode: 0o600 })
    return [{ path, name: String(index), given }]
  })
  return { dir, copies }
}

/** The directory of the copies has to be there before the root is sealed. */
export function withGitConfigs(plan: LaunchPlan, { dir, copies }: GitConfigs): LaunchPlan {
  if (copies.length === 0) return plan
  const op: SandboxOp = {
    kind: 'bind',
    source: dir,
    dest: INSIDE,
    access: 'rw',
    why: "the box's own git config",
  }
  const seal = plan.ops.findIndex(({ kind }) => kind === 'remount-ro')
  return { ...plan, ops: plan.ops.toSpliced(seal, 0, op) }
}

/** Where the kernel does not mount links the config stays as it is: read-only. */
export async function mountGitConfigs({ copies }: GitConfigs, inside: Inside): Promise<void> {
  for (const { path, name } of copies) {
    const { dev, ino } = lstatSync(fsPath(path), { bigint: true })
    await inside.link(path, `${INSIDE}/${name}/config`, { dev: String(dev), ino: String(ino) })
  }
}

/** Takes over what is harmless. Returns what was changed and is not taken over, for people. */
export async function collectGitConfigs({ dir, copies }: GitConfigs): Promise<string[]> {
  const refused: string[] = []
  for (const { path, name, given } of copies) {
    const after = readBeneath(dir, `${name}/config`, LIMIT)
    if (after?.equals(given) === true) continue
    // Gone, or no file any more: nothing of it counts.
    if (after === undefined) refused.push(`${path} (the copy is gone)`)
    else refused.push(...(await takeOver(path, given, after)))
  }
  return refused
}

async function takeOver(path: string, given: Buffer, after: Buffer): Promise<string[]> {
  const settings = (bytes: Buffer) => parseGitConfig(bytes.toString('utf8'))
  const { taken, dropped, refused } = judgeChanges(settings(given), settings(after), readConfig(path))
  const cwd = path.slice(0, path.lastIndexOf('/'))
  const write = async (...args: string[]): Promise<boolean> =>
    (await callGit({ cwd, args: ['config', '--file', path, ...args] })).status === 0
  for (const { key, value } of taken) {
    if (!(await write('--add', key, value))) refused.push(`${key}=${value}`)
  }
  for (const branch of dropped) {
    const ref = `refs/heads/${branch}`
    const { status } = await callGit({ cwd, args: ['show-ref', '--verify', '--quiet', ref] })
    if (status !== 0) await write('--remove-section', `branch.${branch}`)
  }
  return refused
}
