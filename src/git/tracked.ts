import { simpleGit } from 'simple-git'
import { gitBinary } from './call.ts'
import { safeEnv, safeSettings } from './safe.ts'

/**
 * Which of the paths git tracks in the work tree `root`; those are in its history, where no mask hides
 * them. Undefined if git cannot tell.
 */
export async function trackedFiles(root: string, paths: readonly string[]): Promise<Set<string> | undefined> {
  const binary = gitBinary()
  if (binary === undefined || paths.length === 0) return new Set()
  try {
    const git = simpleGit({
      baseDir: root,
      binary,
      config: [...safeSettings],
      // simple-git refuses settings that make git execute things; these switch all of that off.
      unsafe: {
        allowUnsafeAskPass: true,
        allowUnsafeConfigPaths: true,
        allowUnsafeCredentialHelper: true,
        allowUnsafeDiffExternal: true,
        allowUnsafeEditor: true,
        allowUnsafeFsMonitor: true,
        allowUnsafeGitProxy: true,
        allowUnsafeGpgProgram: true,
        allowUnsafeHooksPath: true,
        allowUnsafePager: true,
        allowUnsafeProtocolOverride: true,
        allowUnsafeSshCommand: true,
      },
      allowEnvironment: Object.keys(safeEnv),
      timeout: { block: 10_000 },
    }).env({ ...safeEnv })
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
