import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { alwaysFlags, bwrapOptions, opOptions } from '../../../src/bwrap/argv.ts'
import { renderArgv, renderScript } from '../../../src/bwrap/script.ts'
import { buildPlan } from '../../../src/plan/build.ts'
import type { LaunchPlan, SandboxOp } from '../../../src/plan/ops.ts'
import { policyWith } from '../policy/policies.ts'
import { planInput } from '../plan/inputs.ts'

const files = {
  empty: '/s/empty',
  denied: '/s/denied',
  content: (text: string) => `/s/${text.length}`,
  made: (text: string, dest: string) => ['--file', text, dest],
}
const why = 'test'

describe('options of an operation', () => {
  const rows: [SandboxOp, string][] = [
    [{ kind: 'bind', source: '/a', dest: '/b', access: 'ro', why }, '--ro-bind /a /b'],
    [{ kind: 'bind', source: '/a', dest: '/b', access: 'rw', why }, '--bind /a /b'],
    [{ kind: 'symlink', target: 'usr/bin', dest: '/bin', why }, '--symlink usr/bin /bin'],
    [{ kind: 'dir', dest: '/d', mode: 0o755, why }, '--perms 0755 --dir /d'],
    [{ kind: 'tmpfs', dest: '/tmp', mode: 0o1777, size: 9, why }, '--perms 1777 --size 9 --tmpfs /tmp'],
    [{ kind: 'tmpfs', dest: '/tmp', mode: 0o1777, why }, '--perms 1777 --tmpfs /tmp'],
    [{ kind: 'proc', dest: '/proc', why }, '--proc /proc'],
    [{ kind: 'dev', dest: '/dev', why }, '--dev /dev'],
    [{ kind: 'data', dest: '/f', content: 'abc', why }, '--file abc /f'],
    [{ kind: 'given', dest: '/f', content: 'abc', own: true, why }, '--ro-bind /s/3 /f'],
    [{ kind: 'mask', dest: '/f', look: { kind: 'empty' }, why }, '--ro-bind /s/empty /f'],
    [{ kind: 'mask', dest: '/f', look: { kind: 'deny' }, why }, '--ro-bind /s/denied /f'],
    [{ kind: 'mask', dest: '/f', look: { kind: 'keys', text: 'A=' }, why }, '--ro-bind /s/2 /f'],
    [{ kind: 'mask', dest: '/f', look: { kind: 'substitute', source: '/g' }, why }, '--ro-bind /g /f'],
    [
      { kind: 'mask', dest: '/d', look: { kind: 'directory' }, why },
      '--perms 0555 --tmpfs /d --remount-ro /d',
    ],
    [{ kind: 'remount-ro', dest: '/', why }, '--remount-ro /'],
  ]
  it.each(rows)('%j', (op, expected) => expect(opOptions(op, files).join(' ')).toBe(expected))
})

describe('bwrapOptions', () => {
  it.each(['none', 'host'] as const)('has every flag that is always there, network %s', (network) => {
    const options = bwrapOptions(buildPlan(planInput({ policy: policyWith({ network }) })), files)
    expect(options.slice(0, alwaysFlags.length)).toEqual(alwaysFlags)
    for (const flag of ['--unshare-all', '--unshare-user', '--disable-userns', '--die-with-parent']) {
      expect(options).toContain(flag)
    }
    expect(options.join(' ')).toContain('--cap-drop ALL')
    expect(options.includes('--share-net')).toBe(network === 'host')
    expect(options).not.toContain('--new-session')
  })
})

describe('the printed forms', () => {
  const hostile = buildPlan(
    planInput({ cwd: "/p/a'b\n$(touch x)`x`", args: ['$(id)', '\n', "'", '\u001b[31m'] }),
  )
  const scriptOf = (plan: LaunchPlan): string =>
    renderScript({
      plan,
      bwrap: '/usr/bin/bwrap',
      seccomp: Buffer.from([1, 2, 3]),
      placeholders: [{ path: '/m/.git/ho oks', kind: 'directory' }],
      directories: ['/state/homes/x/home'],
      version: '1',
    })
  const script = scriptOf(hostile)

  it('are valid bash whatever the names are', () => {
    execFileSync('bash', ['-n', '-c', script])
    execFileSync('bash', ['-n', '-c', renderArgv(hostile, '/usr/bin/bwrap')])
  })

  it('have no control character in them', () => {
    // oxlint-disable-next-line no-control-regex
    expect(script + renderArgv(hostile, '/usr/bin/bwrap')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
  })

  it('say when bwrap will not take them', () => {
    const mask: SandboxOp = { kind: 'mask', dest: '/p/.env', look: { kind: 'empty' }, why }
    const many = { ...hostile, ops: [...hostile.ops, ...Array.from({ length: 3000 }, () => mask)] }
    expect(scriptOf(many)).toContain('more mounts than bwrap takes')
    expect(script).not.toContain('more mounts than bwrap takes')
  })

  it('do not need agentbox', () => expect(script).not.toContain('/opt/agentbox/helper'))
})
