import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
// @ts-expect-error: a script without types
import { cacheDir } from '../../scripts/lib/tools.mjs'

/** The real programs, at fixed versions. */
const PACKAGES = ['husky@9.1.7', 'lefthook@2.2.2', 'simple-git-hooks@2.14.0']

/**
 * Directory of their binaries, fetched from npm into the cache once. They are no dependencies of the project:
 * when installed they write hooks into the repository that they are in, which here would be our own.
 */
export function hookManagers(): string {
  const dir = (cacheDir as (name: string) => string)('hook-managers')
  const bin = join(dir, 'node_modules/.bin')
  if (!['husky', 'lefthook', 'simple-git-hooks'].every((name) => existsSync(join(bin, name)))) {
    const flags = ['--prefix', dir, '--ignore-scripts', '--no-audit', '--no-fund']
    execFileSync('npm', ['install', ...flags, ...PACKAGES], { cwd: dir, stdio: 'pipe' })
  }
  return bin
}
