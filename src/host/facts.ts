import { fail } from '../errors.ts'
import { isReadable, linkTarget, lstatOf, readRegular, realpathOf } from './files.ts'
import { readGitUser, type GitUser } from './git-user.ts'
import { isWithin } from './paths.ts'
import { etcEntries, procHidden, procReadOnly, procReadOnlyForRoot, systemDirs } from './system.ts'
import { toolchains } from './toolchains.ts'

/** Everything about this machine and this user that a plan depends on, read once per launch. */
export interface HostFacts {
  uid: number
  gid: number
  user: string
  shell: string
  /** Resolved. */
  home: string
  arch: 'x86_64' | 'aarch64'
  /** Top-level directories; `link` is the target where the host has a symlink (merged /usr). */
  system: { path: string; link?: string | undefined }[]
  /** Existing entries of /etc; `link` is the text of one that leads to what the box shows anyway. */
  etc: { path: string; link?: string | undefined }[]
  procReadOnly: string[]
  /** Existing entries of /proc to hide, with what they are. */
  procHidden: { path: string; directory: boolean }[]
  /** Existing directories with language tools, in the home or in /opt. */
  toolchains: { path: string; name: string }[]
  /** `user.name` and `user.email` of the user's own git configuration. */
  gitUser: GitUser
}

/** Reads the facts. `env` is the user's environment. Fails where the home is unusable. */
export function readHostFacts(env: NodeJS.ProcessEnv): HostFacts {
  const uid = process.getuid!()
  const gid = process.getgid!()
  const account = accountOf(uid)
  const home = realpathOf(env['HOME'] ?? account?.home ?? '')
  if (home === undefined || !home.startsWith('/') || home === '/') {
    fail({ code: 'state-unusable', path: env['HOME'] ?? '', reason: 'HOME is not a directory of yours' })
  }
  return {
    uid,
    gid,
    user: account?.user ?? (/^[a-z_][a-z0-9_.-]{0,31}$/i.test(env['USER'] ?? '') ? env['USER']! : 'user'),
    shell: account?.shell ?? '/bin/sh',
    home,
    arch: architecture(),
    system: systemDirs.flatMap((path) =>
      lstatOf(path) === undefined ? [] : [{ path, link: linkTarget(path) }],
    ),
    etc: etcEntries.flatMap((name) => etcEntry(`/etc/${name}`)),
    procReadOnly: [...procReadOnly, ...(uid === 0 ? procReadOnlyForRoot : [])].filter(
      (path) => lstatOf(path) !== undefined,
    ),
    procHidden: procHidden.flatMap((path) => {
      const stat = isReadable(path) ? lstatOf(path) : undefined
      return stat === undefined ? [] : [{ path, directory: stat.isDirectory() }]
    }),
    toolchains: [...homeToolchains(env, home), ...otherToolchains(env['PATH'] ?? '')],
    gitUser: readGitUser(env, home),
  }
}

/** A link into /usr needs no mount of its own. */
function etcEntry(path: string): HostFacts['etc'] {
  const target = realpathOf(path)
  if (target === undefined) return []
  const link = target.startsWith('/usr/') ? linkTarget(path) : undefined
  return [{ path, link }]
}

function architecture(): HostFacts['arch'] {
  if (process.arch === 'x64') return 'x86_64'
  if (process.arch === 'arm64') return 'aarch64'
  return fail({ code: 'arch-unsupported', arch: process.arch })
}

function accountOf(uid: number): { user: string; home: string; shell: string } | undefined {
  const text = readRegular('/etc/passwd', 8 * 1024 * 1024)?.toString('utf8') ?? ''
  for (const line of text.split('\n')) {
    const [user, , id, , , home, shell] = line.split(':')
    if (Number(id) === uid && id !== '' && user && home) return { user, home, shell: shell || '/bin/sh' }
  }
  return undefined
}

function homeToolchains(env: NodeJS.ProcessEnv, home: string): HostFacts['toolchains'] {
  const found = new Map<string, string>()
  for (const { name, paths, variable, below } of toolchains) {
    const moved = variable === undefined ? undefined : movedTo(env[variable], home)
    const candidates = [...(moved === undefined ? [] : [below === undefined ? moved : `${moved}/${below}`])]
    candidates.push(...paths.map((path) => `${home}/${path}`))
    for (const path of candidates) {
      if (lstatOf(path)?.isDirectory() === true) found.set(path, name)
    }
  }
  return [...found].map(([path, name]) => ({ path, name }))
}

/** A version manager's directory may be elsewhere in the home, but a variable must not open the home. */
function movedTo(value: string | undefined, home: string): string | undefined {
  const path = value?.startsWith('/') === true ? realpathOf(value) : undefined
  if (path === undefined || path === home) return undefined
  return isWithin(path, home) || path.startsWith('/opt/') ? path : undefined
}

/** Software in /opt that PATH leads to, and Homebrew's own place. */
function otherToolchains(path: string): HostFacts['toolchains'] {
  const found = new Set<string>()
  for (const entry of path.split(':')) {
    const top = /^(\/opt\/[^/]+)\//.exec(`${entry}/`)?.[1]
    const known = entry.startsWith('/home/linuxbrew/.linuxbrew/') ? '/home/linuxbrew/.linuxbrew' : top
    if (known !== undefined && lstatOf(known)?.isDirectory() === true) found.add(known)
  }
  return [...found].map((dir) => ({ path: dir, name: 'on PATH' }))
}
