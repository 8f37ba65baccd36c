import { fail } from '../errors.ts'
import { findRepository, type GitRepository } from '../git/repository.ts'
import type { AgentboxDirs } from './dirs.ts'
import { realpathOf } from './files.ts'
import { isWithin } from './paths.ts'

export interface Project {
  /** What the box shows writable: the repository's root, or without git the outermost policy's directory. */
  root: string
  repository: GitRepository | undefined
}

/** Directories that are nobody's project: showing them writable would show the machine. */
const SYSTEM = new Set(
  '/ /bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /var /var/tmp'.split(
    ' ',
  ),
)
const NEVER_INSIDE = ['/proc', '/sys', '/dev', '/run/user', '/boot', '/etc', '/usr/bin', '/usr/lib']

export interface LocateInput {
  /** Absolute, resolved. */
  cwd: string
  /** Directory of the outermost policy file, if there is one. */
  policyDir: string | undefined
  home: string
  /** agentbox's own directories, which no box may contain. */
  own: AgentboxDirs
}

/** Finds the project around `cwd`, or refuses: never the home, the root or the system. */
export function locateProject({ cwd, policyDir, home, own }: LocateInput): Project {
  const repository = findRepository(cwd)
  const root = repository?.workTree ?? policyDir ?? cwd
  const elsewhere =
    cwd === root
      ? 'go to the directory of a project'
      : `make ${cwd} a repository of its own (git init), or go to the directory of a project`
  const refuse = (reason: string, hint = elsewhere): never =>
    fail({ code: 'project-refused', path: root, reason, hint })
  if (isWithin(home, root))
    refuse(root === home ? 'it is the home directory' : 'it contains the home directory')
  if (SYSTEM.has(root)) refuse('it is a system directory')
  const system = NEVER_INSIDE.find((dir) => isWithin(root, dir))
  if (system !== undefined) refuse(`it is inside ${system}`)
  const mine = ownThere(own, root)
  if (mine !== undefined) refuse(`agentbox keeps its own files there (${mine})`)
  if (repository?.kind === 'unverified' && repository.gitDir === `${root}/.git`) {
    refuse(
      'its .git is a symbolic link or points nowhere, which cannot be protected',
      'put the git directory itself there',
    )
  }
  return { root, repository }
}

/** Links count. Of the user's configuration what is kept in a repository is read-only in its box. */
function ownThere(own: AgentboxDirs, root: string): string | undefined {
  const all = Object.values(own)
  const isReal = (dir: string, test: (real: string) => boolean): boolean => {
    const real = realpathOf(dir)
    return real !== undefined && test(real)
  }
  return all.find(
    (dir) =>
      isWithin(dir, root) ||
      isWithin(root, dir) ||
      isReal(dir, (real) => isWithin(root, real) || (dir !== own.config && isWithin(real, root))),
  )
}
