import { hostCovers } from '../../../src/config/hosts.ts'
import { isWithin } from '../../../src/host/paths.ts'
import { compileMatcher } from '../../../src/masks/patterns.ts'
import type { Mask } from '../../../src/masks/types.ts'
import { buildPlan } from '../../../src/plan/build.ts'
import type { LaunchPlan, SandboxOp } from '../../../src/plan/ops.ts'
import type { Policy } from '../../../src/policy/types.ts'
import { HOME, PROJECT } from '../config/layer.ts'
import { planInput } from './inputs.ts'

/** Files of an imaginary machine: in the project, in what may be granted, and beyond every ceiling. */
export const FILES = [
  ...['.env', 'a/.env.test', 'a/k.x', 'a/b/k.x', 'a/k.y', 'src/main.c', 'docs/d', 'x'].map(
    (name) => `${PROJECT}/${name}`,
  ),
  ...['a/f', 'a/b/.env', 'c/f', 'd/f', 's/f', 'h/x/f', 'work/d/f', 'other/f'].map(
    (name) => `${HOME}/${name}`,
  ),
  ...[
    '.ssh/id',
    '.aws/credentials',
    '.config/agentbox/config.yaml',
    '.bashrc',
    '.mozilla/x',
    '.codex/auth.json',
  ].map((name) => `${HOME}/${name}`),
  ...['.local/state/agentbox/trust/x.json', '.local/bin/x'].map((name) => `${HOME}/${name}`),
  ...['/srv/e/f', '/etc/shadow', '/run/docker.sock', '/var/lib/x', '/home/other/f', '/root/x'],
]

const HOST_ENV = { PATH: '/usr/bin', TERM: 'xterm', CI: '1', MYAPP_X: '1', MYAPP_Y: '2', SECRET: 's' }
const SOCKET = '/run/user/1000/ssh'

/** The plan of a policy there, where every path exists and no link is anywhere. */
export function planOf(policy: Policy): LaunchPlan {
  const { filesystem, ssh } = policy
  const matcher = compileMatcher(policy.masks)
  const grants = [
    ...filesystem.read.map(({ value }) => ({ path: value, access: 'ro' as const, why: 'granted' })),
    ...filesystem.write.map(({ value }) => ({ path: value, access: 'rw' as const, why: 'granted' })),
  ]
  const roots = [PROJECT, ...grants.map(({ path }) => path)]
  const masks = FILES.filter((path) => roots.some((root) => isWithin(path, root))).flatMap((path): Mask[] => {
    const hit = matcher.match(path, false)
    const look =
      policy.masks.show.value === 'deny' ? ({ kind: 'deny' } as const) : ({ kind: 'empty' } as const)
    return hit === undefined
      ? []
      : [{ path, entry: 'file', look, reason: { pattern: hit.pattern, origin: hit.origin, by: 'name' } }]
  })
  const inside = ({ value }: { value: string }): boolean => isWithin(value, PROJECT)
  return buildPlan(
    planInput({
      policy,
      project: { root: PROJECT, repository: undefined },
      cwd: PROJECT,
      hostEnv: HOST_ENV,
      masks,
      protection: {
        pins: [],
        links: [],
        repositories: [],
        absent: [],
        readonly: filesystem.readonly.filter(inside).map(({ value }) => ({ path: value, why: 'policy' })),
        placeholders: [],
      },
      hidden: filesystem.hide
        .filter(inside)
        .map(({ value }) => ({ path: value, directory: true, why: 'policy' })),
      grants,
      agentFiles: [],
      otherLogins: [],
      homeSource: filesystem.home.value === 'private' ? '/state/homes/x' : undefined,
      sshSocket: ssh.value === 'agent' ? SOCKET : undefined,
    }),
  )
}

const ACCESS = ['nothing', 'read', 'write'] as const

/** What the agent can do with the host's file at `path`: the last mount over it decides. */
export function accessTo({ ops }: LaunchPlan, path: string): number {
  const op = ops.findLast(
    (one) => one.kind !== 'symlink' && one.kind !== 'remount-ro' && isWithin(path, one.dest),
  )
  return op?.kind === 'bind' && isWithin(path, op.source) && op.source === op.dest
    ? op.access === 'rw'
      ? 2
      : 1
    : 0
}

const NETWORK = ['none', 'allow', 'host']

/** What `plan` gives beyond `than`, in words; empty if it is nowhere wider. */
export function beyond(plan: LaunchPlan, than: LaunchPlan): string[] {
  return [
    ...FILES.filter((path) => accessTo(plan, path) > accessTo(than, path)).map(
      (path) => `${ACCESS[accessTo(plan, path)]} ${path}`,
    ),
    ...plan.passed.filter((name) => !than.passed.includes(name)).map((name) => `variable ${name}`),
    ...(plan.ops.some(isSocket) && !than.ops.some(isSocket) ? ['ssh agent'] : []),
    ...(keepsHome(plan) && !keepsHome(than) ? ['a home that stays'] : []),
    ...(NETWORK.indexOf(plan.network) > NETWORK.indexOf(than.network) ? [`network ${plan.network}`] : []),
    ...(tmpOf(plan) > tmpOf(than) ? ['a larger /tmp'] : []),
    ...(more(plan.limits.memory, than.limits.memory) ? ['memory'] : []),
    ...(more(plan.limits.processes, than.limits.processes) ? ['processes'] : []),
  ]
}

/** Hosts that one policy lists beyond another, where lists count. */
export function hostsBeyond({ network }: Policy, than: Policy): string[] {
  if (network.mode.value !== 'allow' || than.network.mode.value !== 'allow') return []
  return network.allow
    .map(({ value }) => value)
    .filter((host) => !than.network.allow.some(({ value }) => hostCovers(value, host)))
}

function isSocket(op: SandboxOp): boolean {
  return op.kind === 'bind' && op.source === SOCKET
}

function keepsHome({ ops }: LaunchPlan): boolean {
  return ops.some((op) => op.kind === 'bind' && op.dest === HOME && op.source !== HOME)
}

function tmpOf({ ops }: LaunchPlan): number {
  const op = ops.find((one) => one.kind === 'tmpfs' && one.dest === '/tmp')
  return op?.kind === 'tmpfs' ? (op.size ?? Infinity) : 0
}

function more(a: number | undefined, b: number | undefined): boolean {
  return (a ?? Infinity) > (b ?? Infinity)
}
