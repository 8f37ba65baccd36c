import { lastValue, type GitSetting } from '../git/config.ts'
import { readConfig } from '../git/settings.ts'
import { readRegular, realpathOf } from './files.ts'

/** What of the user's git configuration the box has. */
export interface GitUser {
  name?: string | undefined
  email?: string | undefined
  /** `git lfs install` has been run for the user. */
  lfs?: boolean | undefined
  /** Signing by a key of the ssh agent; only of use where that is granted. */
  signing?: { /** The public key. */ key: string; commits: boolean; tags: boolean } | undefined
}

const LFS = 'filter.lfs'

export function readGitUser(env: NodeJS.ProcessEnv, home: string): GitUser {
  // The user's own files: often links into a repository of them.
  const settings = usersFiles(env, home).flatMap((path) => readConfig(realpathOf(path) ?? path))
  return {
    name: lastValue(settings, 'user', 'name'),
    email: lastValue(settings, 'user', 'email'),
    lfs: lastValue(settings, LFS, 'clean') !== undefined,
    signing: signingOf(settings, home),
  }
}

function usersFiles(env: NodeJS.ProcessEnv, home: string): string[] {
  const xdg = env['XDG_CONFIG_HOME']?.startsWith('/') === true ? env['XDG_CONFIG_HOME'] : `${home}/.config`
  return [`${xdg}/git/config`, `${home}/.gitconfig`]
}

/** Where git outside the box may have settings from that are no repository's: of all, since each shell has its variables. */
export function gitSettingsOf(env: NodeJS.ProcessEnv, home: string): string[] {
  const named = [env['GIT_CONFIG_GLOBAL'], env['GIT_CONFIG_SYSTEM']]
  return [
    '/etc/gitconfig',
    ...usersFiles(env, home),
    ...named.flatMap((path) => (path?.startsWith('/') === true ? [path] : [])),
  ]
}

function signingOf(settings: readonly GitSetting[], home: string): GitUser['signing'] {
  const key = publicKey(lastValue(settings, 'user', 'signingkey'), home)
  if (lastValue(settings, 'gpg', 'format') !== 'ssh' || key === undefined) return undefined
  const isOn = (section: string): boolean =>
    /^(?:true|yes|on|1)$/i.test(lastValue(settings, section, 'gpgsign') ?? '')
  return { key, commits: isOn('commit'), tags: isOn('tag') }
}

/** Written out, or in a file; the file may be the private key, then the public one is beside it. */
function publicKey(value: string | undefined, home: string): string | undefined {
  if (value === undefined) return undefined
  const literal = value.replace(/^key::/, '')
  if (isPublicKey(literal)) return literal
  const path = value.startsWith('~/') ? `${home}/${value.slice(2)}` : value
  if (!path.startsWith('/')) return undefined
  const file = path.endsWith('.pub') ? path : `${path}.pub`
  const line = readRegular(realpathOf(file) ?? file, 16_384)
    ?.toString('utf8')
    .split('\n')[0]
  return line !== undefined && isPublicKey(line) ? line : undefined
}

function isPublicKey(text: string): boolean {
  return /^(?:ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/=]+/.test(text)
}
