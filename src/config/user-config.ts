import type { Stats } from 'node:fs'
import { fail } from '../errors.ts'
import { lstatOrFail } from './find.ts'
import { readPolicyBytes, type PolicyBytes } from './read.ts'

/** Where the user's and the administrator's configuration may be. */
export function configPlaces(dir: string): string[] {
  return [dir, SYSTEM_DIR].flatMap((one) => NAMES.map((name) => `${one}/${name}`))
}

const NAMES = ['config.yaml', 'config.yml', 'config.json'] as const

/**
 * The user's own configuration, read once. Unlike a repository's it may be a symbolic link (dotfile
 * managers make such), but neither it nor its directory may be another user's or writable by others.
 */
export async function readUserConfig(dir: string): Promise<PolicyBytes | undefined> {
  if (!lstatOrFail(dir)) return undefined
  const dirStat = lstatOrFail(`${dir}/.`) ?? refuse(dir, 'is not a directory')
  const found = NAMES.map((name) => `${dir}/${name}`).filter((path) => lstatOrFail(path) !== undefined)
  if (found.length > 1) fail({ code: 'policy-ambiguous', files: found })
  const [path] = found
  if (path === undefined) return undefined
  checkOwner(dir, dirStat)
  const file = readPolicyBytes(path, true)
  checkOwner(path, file.stat)
  // Loaded only where there is a file: it costs several milliseconds.
  const { chooseLoader } = await import('./cosmiconfig.ts')
  return chooseLoader(file, NAMES, refuse)
}

/** Where the administrator decides for everybody. No variable moves it: whoever sets one could lift it. */
const SYSTEM_DIR = '/etc/agentbox'

/**
 * The system's configuration, read once. What rules over every user must be root's alone, and so must its
 * directories: whoever can rename one of them could put another in its place.
 */
export async function readSystemConfig(): Promise<PolicyBytes | undefined> {
  if (!lstatOrFail(SYSTEM_DIR)) return undefined
  for (const dir of ['/etc', SYSTEM_DIR]) checkRoots(dir, lstatOrFail(dir)!)
  const found = NAMES.map((name) => `${SYSTEM_DIR}/${name}`).filter((path) => lstatOrFail(path) !== undefined)
  if (found.length > 1) fail({ code: 'policy-ambiguous', files: found })
  const [path] = found
  if (path === undefined) return undefined
  const file = readPolicyBytes(path)
  checkRoots(path, file.stat)
  const { chooseLoader } = await import('./cosmiconfig.ts')
  return chooseLoader(file, NAMES, refuse)
}

function checkRoots(path: string, stat: Stats): void {
  const problem = stat.isSymbolicLink()
    ? 'is a symbolic link'
    : stat.uid !== 0
      ? 'does not belong to root'
      : (stat.mode & 0o022) === 0
        ? undefined
        : 'can be written by others than root'
  if (problem !== undefined) refuse(path, problem, "it is the administrator's: chown root, chmod go-w")
}

function checkOwner(path: string, stat: Stats): void {
  const [uid, gid] = [process.geteuid!(), process.getegid!()]
  // Group-writable by the user's own group is what a umask of 002 makes where each user has a group.
  const writers = stat.gid === gid ? 0o002 : 0o022
  const problem =
    stat.uid !== uid && stat.uid !== 0
      ? 'belongs to another user'
      : (stat.mode & writers) === 0
        ? undefined
        : 'can be written by other users'
  if (problem !== undefined) refuse(path, problem, 'it decides what every box may see: make it yours alone')
}

function refuse(file: string, problem: string, hint?: string): never {
  return fail({ code: 'policy-invalid', issues: [{ file, problem, hint }] })
}
