import { describe, expect, it } from 'vitest'
import { buildPlan } from '../../../src/plan/build.ts'
import type { SandboxOp } from '../../../src/plan/ops.ts'
import { claude } from '../../../src/policy/agents/claude.ts'
import { codex } from '../../../src/policy/agents/codex.ts'
import { policyWith } from '../policy/policies.ts'
import { planInput } from './inputs.ts'

const plan = buildPlan(planInput())

function indexOf(test: (op: SandboxOp) => boolean): number {
  const at = plan.ops.findIndex(test)
  expect(at).toBeGreaterThanOrEqual(0)
  return at
}

const bound = (dest: string, access: string) => (op: SandboxOp) =>
  op.kind === 'bind' && op.dest === dest && op.access === access

describe('the order of mounts', () => {
  const order: [string, (op: SandboxOp) => boolean][] = [
    ['system', bound('/usr', 'ro')],
    ['kernel', (op) => op.kind === 'proc'],
    ['what closes parts of /proc', bound('/proc/sys', 'ro')],
    ['home', bound('/home/u', 'rw')],
    ['tools', bound('/home/u/.nvm', 'ro')],
    ['the program', bound('/home/u/x/node_modules', 'ro')],
    ['agent', bound('/home/u/.tool/settings.json', 'ro')],
    ['grants', bound('/data', 'ro')],
    ['git', bound('/m/.git', 'rw')],
    ['project', bound('/home/u/p', 'rw')],
    ['pins', bound('/home/u/p/a', 'rw')],
    ['protected', bound('/home/u/p/a/.vscode', 'ro')],
    ['hidden', (op) => op.kind === 'mask' && op.dest === '/home/u/p/infra'],
    ['masks', (op) => op.kind === 'mask' && op.dest === '/home/u/p/.env'],
    ['agentbox', (op) => op.dest === '/run/agentbox/init'],
    ['seal', (op) => op.kind === 'remount-ro' && op.dest === '/'],
  ]
  it.each(order.slice(1).map(([name, test], at) => [order[at]![0], name, order[at]![1], test] as const))(
    '%s before %s',
    (_before, _after, earlier, later) => expect(indexOf(earlier)).toBeLessThan(indexOf(later)),
  )

  it('ends with the seal', () => expect(plan.ops.at(-1)).toMatchObject({ kind: 'remount-ro', dest: '/' }))

  it('mounts nothing on a project path after the masks', () => {
    const last = plan.ops.findLastIndex((op) => op.kind === 'mask' && op.dest.startsWith('/home/u/p'))
    expect(
      plan.ops.slice(last + 1).filter((op) => op.dest.startsWith('/home/u') || op.dest.startsWith('/m')),
    ).toEqual([])
  })
})

describe('buildPlan', () => {
  it.each([
    [claude, '/etc/claude-code/managed-settings.d/zz-agentbox.json', '"enabled":false'],
    [codex, '/etc/codex/managed_config.toml', 'danger-full-access'],
  ])('switches off the sandbox of the agent itself', (profile, dest, text) => {
    const { ops } = buildPlan(planInput({ profile }))
    const content = expect.stringContaining(text) as string
    expect(ops).toContainEqual(expect.objectContaining({ kind: 'data', dest, content }))
    expect(plan.ops.some((op) => op.dest === dest)).toBe(false)
  })

  it('keeps arguments as they are', () => expect(plan.argv).toEqual(['tool', '--flag', 'a b', '']))

  it('offers a program whose directory is not shown under its name', () => {
    expect(plan.ops).toContainEqual(
      expect.objectContaining({ kind: 'symlink', dest: '/run/agentbox/bin/tool' }),
    )
    expect(plan.env['PATH']).toBe('/run/agentbox/bin:/usr/bin')
  })

  it("makes git settings that hold a name's quotes", () => {
    const settings = plan.ops.find((op) => op.kind === 'data' && op.dest === '/run/agentbox/gitconfig')
    expect(settings).toMatchObject({
      content: expect.stringContaining(
        '[include]\n\tpath = /etc/gitconfig\n[user]\n\tname = "Ann \\"A\\" \\\\ B"\n\temail = "ann@example.com"\n',
      ) as string,
    })
  })

  it.each(['/run/agentbox/init', '/etc/company.pem'])('%s cannot be written from inside', (dest) => {
    const { ops } = buildPlan(planInput({ certificates: ['/etc/company.pem'] }))
    expect(ops.filter((op) => op.dest === dest)).toEqual([
      expect.objectContaining({ kind: 'bind', access: 'ro' }),
    ])
  })

  it('signs nothing without the agent that holds the key', () => {
    const { facts } = planInput()
    const gitUser = { ...facts.gitUser, signing: { key: 'ssh-ed25519 AAAA', commits: true, tags: true } }
    const settings = (sshSocket: string | undefined): unknown =>
      buildPlan(planInput({ facts: { ...facts, gitUser }, sshSocket })).ops.find(
        ({ dest }) => dest === '/run/agentbox/gitconfig',
      )
    expect(settings('/s')).toMatchObject({ content: expect.stringContaining('gpgSign = true') as string })
    expect(settings(undefined)).toMatchObject({
      content: expect.not.stringMatching(/gpg|signingKey/) as string,
    })
  })

  it.each([
    ['what /proc tells of the machine, a file', '/proc/kcore', 'empty'],
    ['what /proc tells of the machine, a directory', '/proc/acpi', 'directory'],
    ["another agent's log-in", '/home/u/.other/auth.json', 'empty'],
  ])('covers %s', (_what, dest, kind) => {
    expect(plan.ops).toContainEqual(expect.objectContaining({ kind: 'mask', dest, look: { kind } }))
  })

  it('gives nobody in the box a way to fill the directory of masks', () => {
    const ops = plan.ops.filter(({ dest }) => dest === '/run/agentbox/masks')
    expect(ops.map(({ kind }) => kind)).toEqual(['tmpfs', 'remount-ro'])
  })

  it('names in passwd only this user, root and nobody', () => {
    const passwd = plan.ops.find((op) => op.kind === 'data' && op.dest === '/etc/passwd')
    expect(passwd?.kind === 'data' && passwd.content.split('\n').map((line) => line.split(':')[0])).toEqual([
      'root',
      'u',
      'nobody',
      '',
    ])
  })

  it('has a home of its own in memory when there is no directory for it', () => {
    expect(buildPlan(planInput({ homeSource: undefined })).ops).toContainEqual(
      expect.objectContaining({ kind: 'tmpfs', dest: '/home/u' }),
    )
  })

  it.each(['none', 'host'] as const)('network %s', (network) =>
    expect(buildPlan(planInput({ policy: policyWith({ network }) })).network).toBe(network),
  )

  it('describes the box to the agent without the secrets', () => {
    const text = plan.ops.find((op) => op.dest === '/run/agentbox/policy.json')
    const value = JSON.parse(text?.kind === 'data' ? text.content : '') as { masked: unknown[] }
    expect(value.masked).toEqual([
      { path: '/home/u/p/.env', look: 'keys', pattern: '.env' },
      { path: '/home/u/p/.ssh', look: 'directory', pattern: '.ssh/' },
    ])
  })
})
