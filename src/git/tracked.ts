import { simpleGit } from 'simple-git'
import { lstatOf } from '../host/files.ts'

const PLACES = ['/usr/bin/git', '/bin/git', '/usr/local/bin/git', '/run/current-system/sw/bin/git']

/**
 * Which of the paths git tracks in the work tree `root`; those are in its history, where no mask hides
 * them. Undefined if git cannot tell. The repository's own config must not make git execute anything, so
 * hooks, fsmonitor and pager are off, and git gets none of our environment.
 */
export async function trackedFiles(root: string, paths: readonly string[]): Promise<Set<string> | undefined> {
  const binary = PLACES.find((place) => lstatOf(place) !== undefined)
  if (binary === undefined || paths.length === 0) return new Set()
  try {
    const git = simpleGit({
      baseDir: root,
      binary,
      config: ['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.pager=cat'],
      unsafe: {
        allowUnsafeHooksPath: true,
        allowUnsafePager: true,
        allowUnsafeFsMonitor: true,
      },
      timeout: { block: 10_000 },
    }).env({ PATH: '/usr/bin:/bin' })
    const listed = await git.raw([
      '--no-optional-locks',
      '--literal-pathspecs',
      'ls-files',
      '-z',
      '--',
      ...paths,
    ])
    return new Set(
      listed
        .split('\0')
        .filter((name) => name !== '')
        .map((name) => `${root}/${name}`),
    )
  } catch {
    return undefined
  }
}
