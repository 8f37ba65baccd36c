import { lstatSync, mkdirSync, writeFileSync } from 'node:fs'
import { callGit } from '../git/call.ts'
import { isSwitch, judgeChanges } from '../git/config-changes.ts'
import { parseGitConfig, type GitSetting } from '../git/config.ts'
import { verified } from '../git/repository.ts'
import { readConfig } from '../git/settings.ts'
import { readBeneath, writeBeneath } from '../host/beneath.ts'
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
  /** What the repository had when the box began. */
  first: Buffer
  /** What the box was given; newer if the repository's was replaced meanwhile. */
  given: Buffer
}

/** What people are to hear when the agent has ended. */
export interface ConfigNews {
  /** Changed in the box and not taken over. */
  refused: string[]
  /** What came into a file that was replaced outside meanwhile, and could make git run or send something. */
  arrived: string[]
}

const INSIDE = '/run/agentbox/git'
const LIMIT = 1024 * 1024

export function copyGitConfigs({ repository }: Project, session: string): GitConfigs {
  const dir = `${session}/git`
  const own = verified(repository)
  const files = own === undefined ? [] : configFiles(own)
  mkdirSync(dir, { mode: 0o700 })
  const copies = files.flatMap((path, index): Copy[] => {
    const given = readRegular(path, LIMIT)
    if (given === undefined) return []
    mkdirSync(`${dir}/${index}`, { mode: 0o700 })
    writeFileSync(`${dir}/${index}/config`, given, { flag: 'wx', mode: 0o600 })
    return [{ path, name: String(index), first: given, given }]
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
    await inside.link(path, insideOf(name), { dev: String(dev), ino: String(ino) })
  }
}

function insideOf(name: string): string {
  return `${INSIDE}/${name}/config`
}

/** Where the link to the copy of a config file leads, in the box; undefined if there is no copy of it. */
export function linkFor({ copies }: GitConfigs, path: string): string | undefined {
  const copy = copies.find((one) => one.path === path)
  return copy === undefined ? undefined : insideOf(copy.name)
}

/** The repository has another one now: so has the box, unless the agent has written to its copy. */
export function refreshCopy({ dir, copies }: GitConfigs, path: string): void {
  const copy = copies.find((one) => one.path === path)
  const now = readRegular(path, LIMIT)
  if (copy === undefined || now === undefined) return
  const place = `${copy.name}/config`
  if (readBeneath(dir, place, LIMIT)?.equals(copy.given) !== true) return
  if (writeBeneath(dir, place, now)) copy.given = now
}

/** Takes over what is harmless. Returns what was changed and is not taken over, for people. */
export async function collectGitConfigs({ dir, copies }: GitConfigs): Promise<ConfigNews> {
  const refused: string[] = []
  const arrived: string[] = []
  for (const { path, name, first, given } of copies) {
    arrived.push(...arrivedIn(path, first))
    const after = readBeneath(dir, `${name}/config`, LIMIT)
    if (after?.equals(given) === true) continue
    // Gone, or no file any more: nothing of it counts.
    if (after === undefined) refused.push(`${path} (the copy is gone)`)
    else refused.push(...(await takeOver(path, given, after)))
  }
  return { refused, arrived }
}

/** The moment in which a replaced file was open to the box cannot be had back: what is in it now is named. */
function arrivedIn(path: string, first: Buffer): string[] {
  const before = settingsIn(first)
  const { refused } = judgeChanges(before, readConfig(path), before)
  return refused.filter((text) => !text.endsWith(' (removed)'))
}

function settingsIn(bytes: Buffer): GitSetting[] {
  return parseGitConfig(bytes.toString('utf8'))
}

async function takeOver(path: string, given: Buffer, after: Buffer): Promise<string[]> {
  const { taken, dropped, refused } = judgeChanges(settingsIn(given), settingsIn(after), readConfig(path))
  const cwd = path.slice(0, path.lastIndexOf('/'))
  const write = async (...args: string[]): Promise<boolean> =>
    (await callGit({ cwd, args: ['config', '--file', path, ...args] })).status === 0
  for (const { key, value } of taken) {
    if (!(await write(isSwitch(key) ? '--replace-all' : '--add', key, value))) refused.push(`${key}=${value}`)
  }
  for (const branch of dropped) {
    const ref = `refs/heads/${branch}`
    const { status } = await callGit({ cwd, args: ['show-ref', '--verify', '--quiet', ref] })
    if (status !== 0) await write('--remove-section', `branch.${branch}`)
  }
  return refused
}
