import { fromBytes } from '../../host/bytes.ts'
import { realpathOf } from '../../host/files.ts'
import { isWithin } from '../../host/paths.ts'
import { callGit } from '../call.ts'
import { managerAt, type Manager } from './managers.ts'

/** Where git looks for the hooks of a repository, and who else has a hand in them. */
export interface HookPlace {
  /** The top of the work tree. */
  root: string
  /** The directory of hook files; it may not exist. Absolute. */
  dir: string
  /** Who chose the directory: nobody, this repository's config, or the user's or system's for all. */
  chosen: 'default' | 'repository' | 'everywhere'
  /** Files of the work tree that git tracks, so that what is written there goes to others. */
  tracked: boolean
  manager: Manager | undefined
  /** git runs hooks that its config names: no file is needed. */
  configHooks: boolean
}

/** Undefined where there is no work tree: outside of repositories, and in bare ones. */
export async function hookPlace(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<HookPlace | undefined> {
  const own = userConfiguration(env)
  const ask = async (...args: string[]): Promise<string | undefined> => {
    const { status, stdout } = await callGit({ cwd, args, env: own, ownHooksPath: true })
    return status === 0 ? fromBytes(stdout).replace(/\n$/, '') : undefined
  }
  const root = await ask('rev-parse', '--show-toplevel')
  if (root === undefined || root === '') return undefined
  const dir = await ask('rev-parse', '--path-format=absolute', '--git-path', 'hooks')
  if (dir === undefined) return undefined
  const scope = (await ask('config', '--show-scope', '--get', 'core.hooksPath'))?.split('\t')[0]
  const real = realpathOf(dir) ?? dir
  const tracked = isWithin(real, root) && ((await ask('ls-files', '--', real))?.length ?? 0) > 0
  return {
    root,
    dir,
    chosen: scope === undefined ? 'default' : /^(local|worktree)$/.test(scope) ? 'repository' : 'everywhere',
    tracked,
    manager: managerAt(root, dir),
    configHooks: hasConfigHooks((await ask('--version')) ?? ''),
  }
}

/** `hook.<name>.command` works from 2.54 on. */
export function hasConfigHooks(version: string): boolean {
  const [, major = 0, minor = 0] = /(\d+)\.(\d+)/.exec(version)?.map(Number) ?? []
  return major > 2 || (major === 2 && minor >= 54)
}

/** The user's own configuration counts here: core.hooksPath may stand in it. Reading it runs nothing. */
function userConfiguration(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return {
    HOME: env['HOME'],
    XDG_CONFIG_HOME: env['XDG_CONFIG_HOME'],
    GIT_CONFIG_NOSYSTEM: env['GIT_CONFIG_NOSYSTEM'],
    GIT_CONFIG_GLOBAL: env['GIT_CONFIG_GLOBAL'],
  }
}
