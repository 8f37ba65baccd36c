import type { PlanInput } from '../../../src/plan/build.ts'
import { generic } from '../../../src/policy/agents/generic.ts'
import { policyWith } from '../policy/policies.ts'

/** A plan's input with one of everything, on an imaginary machine. */
export function planInput(change: Partial<PlanInput> = {}): PlanInput {
  return {
    policy: policyWith({ tmp: 1024 }),
    facts: {
      uid: 1000,
      gid: 1000,
      user: 'u',
      shell: '/bin/bash',
      home: '/home/u',
      arch: 'x86_64',
      system: [{ path: '/usr' }, { path: '/bin', link: 'usr/bin' }, { path: '/lib' }],
      etc: [
        { path: '/etc/hosts' },
        { path: '/etc/gitconfig' },
        { path: '/etc/localtime', link: '/usr/share/zoneinfo/UTC' },
      ],
      procReadOnly: ['/proc/sys'],
      procHidden: [
        { path: '/proc/kcore', directory: false },
        { path: '/proc/acpi', directory: true },
      ],
      toolchains: [{ path: '/home/u/.nvm', name: 'nvm' }],
      gitUser: { name: 'Ann "A" \\ B', email: 'ann@example.com' },
    },
    project: {
      root: '/home/u/p',
      repository: {
        workTree: '/home/u/p',
        gitDir: '/m/.git/worktrees/p',
        commonDir: '/m/.git',
        kind: 'worktree',
      },
    },
    cwd: '/home/u/p/src',
    profile: generic,
    program: { name: 'tool', found: '/home/u/x/tool', real: '/home/u/x/node_modules/tool/cli.js' },
    args: ['--flag', 'a b', ''],
    hostEnv: { PATH: '/usr/bin', TERM: 'xterm' },
    masks: [
      {
        path: '/home/u/p/.env',
        entry: 'file',
        look: { kind: 'keys', text: 'A=\n' },
        reason: { pattern: '.env', origin: { layer: 'built-in' }, by: 'name' },
      },
      {
        path: '/home/u/p/.ssh',
        entry: 'directory',
        look: { kind: 'directory' },
        reason: { pattern: '.ssh/', origin: { layer: 'built-in' }, by: 'name' },
      },
    ],
    protection: {
      pins: ['/home/u/p/a', '/m/.git/info'],
      links: [],
      repositories: [],
      absent: [],
      readonly: [{ path: '/home/u/p/a/.vscode', why: 'VS Code' }],
      placeholders: [{ path: '/m/.git/hooks', kind: 'directory' }],
    },
    hidden: [{ path: '/home/u/p/infra', directory: true, why: 'hidden' }],
    grants: [{ path: '/data', access: 'ro', why: 'granted' }],
    agentFiles: [
      { whose: 'your', source: '/home/u/.tool/settings.json', dest: '/home/u/.tool/settings.json' },
    ],
    otherLogins: ['/home/u/.other/auth.json'],
    homeSource: '/state/homes/x/home',
    sshSocket: undefined,
    helper: '/opt/agentbox/helper',
    certificates: [],
    warnings: [],
    ...change,
  }
}
