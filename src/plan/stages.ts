import type { HostFacts } from '../host/facts.ts'
import type { Project } from '../host/project.ts'
import { isWithin } from '../host/paths.ts'
import type { Mask, MaskLook } from '../masks/types.ts'
import type { AgentProfile } from '../policy/agents/types.ts'
import type { Policy } from '../policy/types.ts'
import type { Protection } from '../protect/paths.ts'
import { ATTRIBUTES_PATH, gitSettings } from './git-settings.ts'
import type { SandboxOp } from './ops.ts'

/** The stages of a box, each a list of operations; their order is in `build.ts`. Pure. */

export interface GrantedPath {
  path: string
  access: 'ro' | 'rw'
  why: string
}

export interface HiddenPath {
  path: string
  directory: boolean
  why: string
}

/** What an agent is shown, read-only. */
export interface AgentFile {
  whose: 'your' | "the administrator's"
  source: string
  dest: string
}

const MEGABYTE = 1024 * 1024

export function system(facts: HostFacts): SandboxOp[] {
  const shown = (path: string, link: string | undefined, why: string): SandboxOp =>
    link === undefined
      ? { kind: 'bind', source: path, dest: path, access: 'ro', why }
      : { kind: 'symlink', target: link, dest: path, why }
  return [
    ...facts.system.map(({ path, link }) => shown(path, link, 'the system')),
    ...facts.etc.map(({ path, link }) => shown(path, link, 'needed by programs')),
    ...accounts(facts),
  ]
}

/** Only this user and the two that every system has: who else works here is not the agent's business. */
function accounts({ uid, gid, user, home, shell }: HostFacts): SandboxOp[] {
  const others = uid === 0 ? [] : ['root:x:0:0:root:/root:/usr/sbin/nologin']
  const passwd = [
    ...others,
    `${user}:x:${uid}:${gid}::${home}:${shell}`,
    'nobody:x:65534:65534:nobody:/:/usr/sbin/nologin',
  ]
  const groups = [...(gid === 0 ? [] : ['root:x:0:']), `${user}:x:${gid}:`, 'nogroup:x:65534:']
  return [
    { kind: 'data', dest: '/etc/passwd', content: `${passwd.join('\n')}\n`, why: 'this user only' },
    { kind: 'data', dest: '/etc/group', content: `${groups.join('\n')}\n`, why: 'this user only' },
  ]
}

export function kernel(facts: HostFacts, policy: Policy): SandboxOp[] {
  const tmp = policy.limits.tmp?.value
  return [
    { kind: 'proc', dest: '/proc', why: 'processes of the box only' },
    ...facts.procReadOnly.map((path): SandboxOp => ({
      kind: 'bind',
      source: path,
      dest: path,
      access: 'ro',
      why: 'uid 0 could write it',
    })),
    ...facts.procHidden.map(({ path, directory }) => mask(path, directory, 'it tells about the machine')),
    { kind: 'dev', dest: '/dev', why: 'null, zero, random, tty and pseudo-terminals only' },
    { kind: 'tmpfs', dest: '/dev/shm', mode: 0o1777, size: 1024 * MEGABYTE, why: 'shared memory of the box' },
    { kind: 'tmpfs', dest: '/tmp', mode: 0o1777, size: tmp, why: 'private' },
    { kind: 'tmpfs', dest: '/var/tmp', mode: 0o1777, size: tmp, why: 'private' },
  ]
}

export function home({ home: dest }: HostFacts, source: string | undefined): SandboxOp[] {
  if (source === undefined) return [{ kind: 'tmpfs', dest, mode: 0o700, why: 'a home for this session only' }]
  return [{ kind: 'bind', source, dest, access: 'rw', why: "this repository's own home" }]
}

export function tools(facts: HostFacts, program: readonly string[]): SandboxOp[] {
  const dirs = facts.toolchains.map(({ path, name }): SandboxOp => ({
    kind: 'bind',
    source: path,
    dest: path,
    access: 'ro',
    why: `tools: ${name}`,
  }))
  const own = program.map((path): SandboxOp => ({
    kind: 'bind',
    source: path,
    dest: path,
    access: 'ro',
    why: 'the program itself',
  }))
  return [...dirs, ...own]
}

export function agent(
  profile: AgentProfile,
  files: readonly AgentFile[],
  otherLogins: readonly string[],
): SandboxOp[] {
  const why = `so that ${profile.name} works in a box`
  const managed = Object.entries(profile.managed).map(([dest, content]): SandboxOp =>
    profile.overlaid?.includes(dest) === true
      ? { kind: 'given', dest, content, own: true, why }
      : { kind: 'data', dest, content, why },
  )
  const { led } = profile
  const leading: SandboxOp[] =
    led === undefined
      ? []
      : [
          {
            kind: 'given',
            dest: led.path,
            content: led.content,
            own: led.own,
            why: `${profile.name} is led to where its key is added`,
          },
        ]
  const shown = files.map(({ whose, source, dest }): SandboxOp => ({
    kind: 'bind',
    source,
    dest,
    access: 'ro',
    why: `${whose} settings of ${profile.name}`,
  }))
  const logins = otherLogins.map((path) => mask(path, false, "another agent's log-in"))
  return [...managed, ...leading, ...shown, ...logins]
}

export function grants(granted: readonly GrantedPath[]): SandboxOp[] {
  return granted
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, access, why }): SandboxOp => ({ kind: 'bind', source: path, dest: path, access, why }))
}

export function git({ root, repository }: Project): SandboxOp[] {
  if (repository?.kind !== 'worktree' || isWithin(repository.commonDir, root)) return []
  const { commonDir } = repository
  return [
    { kind: 'bind', source: commonDir, dest: commonDir, access: 'rw', why: "the worktree's repository" },
  ]
}

export function project({ root }: Project): SandboxOp[] {
  return [{ kind: 'bind', source: root, dest: root, access: 'rw', why: 'the project' }]
}

export function pins({ pins: paths }: Protection): SandboxOp[] {
  return paths.map((path): SandboxOp => ({
    kind: 'bind',
    source: path,
    dest: path,
    access: 'rw',
    why: 'pinned: it cannot be renamed from above what is protected',
  }))
}

export function readonly({ readonly: paths }: Protection): SandboxOp[] {
  return paths.map(({ path, why }): SandboxOp => ({
    kind: 'bind',
    source: path,
    dest: path,
    access: 'ro',
    why,
  }))
}

export function hidden(paths: readonly HiddenPath[]): SandboxOp[] {
  return paths.map(({ path, directory, why }) => mask(path, directory, why))
}

export function masks(list: readonly Mask[]): SandboxOp[] {
  return list.map(({ path, look, reason }): SandboxOp => {
    const via = reason.via === undefined ? '' : `, the same as ${reason.via}`
    return { kind: 'mask', dest: path, look, why: `secret: matches ${reason.pattern}${via}` }
  })
}

export const SSH_SOCKET = '/run/agentbox/ssh-agent'

export function ssh(socket: string | undefined): SandboxOp[] {
  if (socket === undefined) return []
  return [
    {
      kind: 'bind',
      source: socket,
      dest: SSH_SOCKET,
      access: 'rw',
      why: 'your ssh agent, granted by ssh: agent',
    },
  ]
}

/** The same in native/mounts.c. */
const MASKS_DIR = '/run/agentbox/masks'

/** agentbox's own directory. It is part of the root file system, so `seal` makes it read-only. */
export function own(
  helper: string,
  links: readonly [string, string][],
  { gitUser, etc }: HostFacts,
  texts: { description: string; attributes: string },
): SandboxOp[] {
  return [
    { kind: 'bind', source: helper, dest: '/run/agentbox/init', access: 'ro', why: 'pid 1 of the box' },
    {
      kind: 'tmpfs',
      dest: MASKS_DIR,
      mode: 0o755,
      size: 64 * MEGABYTE,
      why: 'masks of secrets that appear later',
    },
    { kind: 'remount-ro', dest: MASKS_DIR, why: 'only agentbox fills it, from outside' },
    { kind: 'dir', dest: '/run/agentbox/bin', mode: 0o755, why: 'programs whose own place is not shown' },
    ...links.map(([name, target]): SandboxOp => ({
      kind: 'symlink',
      target,
      dest: `/run/agentbox/bin/${name}`,
      why: 'for PATH',
    })),
    {
      kind: 'data',
      dest: '/run/agentbox/policy.json',
      content: texts.description,
      why: 'what the agent may know of its box',
    },
    {
      kind: 'data',
      dest: '/run/agentbox/gitconfig',
      content: gitSettings(
        gitUser,
        etc.some(({ path }) => path === '/etc/gitconfig'),
      ),
      why: 'who commits; nothing else of your git configuration',
    },
    {
      kind: 'data',
      dest: ATTRIBUTES_PATH,
      content: texts.attributes,
      why: 'git add leaves tracked secrets as they are',
    },
  ]
}

export function certificates(files: readonly string[]): SandboxOp[] {
  return files.map((path): SandboxOp => ({
    kind: 'bind',
    source: path,
    dest: path,
    access: 'ro',
    why: 'certificates that a variable names',
  }))
}

export function seal(): SandboxOp[] {
  return [{ kind: 'remount-ro', dest: '/', why: 'nothing outside the writable places can be made' }]
}

function mask(dest: string, directory: boolean, why: string): SandboxOp {
  const look: MaskLook = directory ? { kind: 'directory' } : { kind: 'empty' }
  return { kind: 'mask', dest, look, why }
}
