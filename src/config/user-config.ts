import { closeSync, openSync, type Stats } from 'node:fs'
import { fail } from '../errors.ts'
import { lstatOrFail } from './find.ts'
import { readPolicyBytes, type PolicyBytes } from './read.ts'

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
  return loadWithCosmiconfig(file)
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

/**
 * cosmiconfig chooses the loader by name, and nothing else: our loaders answer with the bytes that were
 * read and checked above, the ones for programs refuse, and what they answer has no `$import`. Its
 * constructor runs `.config/config.js` of the current directory, so it is called where no one can put a file.
 */
async function loadWithCosmiconfig(file: PolicyBytes): Promise<PolicyBytes> {
  const { cosmiconfigSync } = await import('cosmiconfig')
  const data = (): { file: PolicyBytes } => ({ file })
  const program = (path: string): never => refuse(path, 'is a program: a policy is data')
  const loaders = { '.yaml': data, '.yml': data, '.json': data, noExt: data }
  const programs = { '.js': program, '.cjs': program, '.mjs': program, '.ts': program }
  const explorer = inProc(() =>
    cosmiconfigSync('agentbox', {
      searchPlaces: [...NAMES],
      searchStrategy: 'none',
      loaders: { ...loaders, ...programs },
      cache: false,
    }),
  )
  const config = explorer.load(file.path)?.config as { file: PolicyBytes } | undefined
  // An empty file reaches no loader.
  return config?.file ?? file
}

/**
 * Runs `work` with /proc as the working directory: nobody, not even root, can create a file there. The way
 * back is by descriptor, since the name may have changed or hold bytes that no string carries.
 */
function inProc<T>(work: () => T): T {
  const O_PATH = 0o10000000
  const back = openSync('.', O_PATH)
  try {
    process.chdir('/proc')
    try {
      return work()
    } finally {
      process.chdir(`/proc/self/fd/${back}`)
    }
  } finally {
    closeSync(back)
  }
}
