import { closeSync, openSync } from 'node:fs'
import { cosmiconfigSync } from 'cosmiconfig'
import type { PolicyBytes } from './read.ts'

/**
 * cosmiconfig chooses the loader by name, and nothing else: our loaders answer with the bytes that were
 * read and checked above, the ones for programs refuse, and what they answer has no `$import`. Its
 * constructor runs `.config/config.js` of the current directory, so it is called where no one can put a file.
 */
export function chooseLoader(
  file: PolicyBytes,
  names: readonly string[],
  refuse: (path: string, problem: string) => never,
): PolicyBytes {
  const data = (): { file: PolicyBytes } => ({ file })
  const program = (path: string): never => refuse(path, 'is a program: a policy is data')
  const loaders = { '.yaml': data, '.yml': data, '.json': data, noExt: data }
  const programs = { '.js': program, '.cjs': program, '.mjs': program, '.ts': program }
  const explorer = inProc(() =>
    cosmiconfigSync('agentbox', {
      searchPlaces: [...names],
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
