import { AgentboxError } from '../errors.ts'
import { locateBwrap } from '../host/bwrap.ts'
import { readRegular } from '../host/files.ts'
import { describe } from '../ui/messages.ts'
import { appArmorWords } from '../ui/wording/system.ts'
import type { Check, DoctorContext, Finding } from './types.ts'

/** Milliseconds; bwrap takes six. */
const PATIENCE = 5000

export const bwrap: Check = {
  id: 'bwrap',
  about: 'bubblewrap: where it is, whose it is, how old, and whether it can make a box here',
  async run({ facts }) {
    let path: string
    try {
      path = locateBwrap()
    } catch (error) {
      return [fromError(error)]
    }
    return [...(await tooOld(path)), ...(await cannotStart(path, facts))]
  },
}

function fromError(error: unknown): Finding {
  if (!(error instanceof AgentboxError)) throw error
  const [problem = '', mend = ''] = describe(error.problem)
  return { check: 'bwrap', severity: 'error', problem, why: 'without it no agent is started', mend }
}

async function tooOld(path: string): Promise<Finding[]> {
  const version = /(\d+)\.(\d+)/.exec((await output(path, ['--version'])).stdout)
  if (version !== null && (Number(version[1]) > 0 || Number(version[2]) >= 8)) return []
  return [
    {
      check: 'bwrap',
      severity: 'error',
      problem: `${path} is version ${version?.[0] ?? 'unknown'}; 0.8.0 or newer is needed`,
      why: 'older ones cannot close the box to nested user namespaces',
      mend: 'update bubblewrap: apt-get install bubblewrap',
    },
  ]
}

/** The very flags of every box, with nothing in it. */
async function cannotStart(path: string, { system }: DoctorContext['facts']): Promise<Finding[]> {
  const shown = system.flatMap(({ path: dir, link }) =>
    link === undefined ? ['--ro-bind', dir, dir] : ['--symlink', link, dir],
  )
  const flags = [
    '--unshare-all',
    '--unshare-user',
    '--disable-userns',
    '--cap-drop',
    'ALL',
    '--die-with-parent',
  ]
  const { status, stderr } = await output(path, [
    ...flags,
    ...shown,
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '/bin/true',
  ])
  if (status === 0) return []
  const restricted =
    readRegular('/proc/sys/kernel/apparmor_restrict_unprivileged_userns', 16)?.toString().trim() === '1'
  return [
    {
      check: 'bwrap',
      severity: 'error',
      problem: `bubblewrap cannot make a sandbox here: ${stderr.trim().split('\n')[0] ?? ''}`,
      why: 'no agent can be started in a box',
      mend: restricted
        ? appArmorWords.join('; ')
        : 'sudo sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1; in a container: allow user namespaces',
    },
  ]
}

async function output(
  path: string,
  args: string[],
): Promise<{ status: number; stdout: string; stderr: string }> {
  const { execa } = await import('execa')
  const { exitCode, stdout, stderr, shortMessage } = await execa(path, args, {
    ...{ env: {}, extendEnv: false, cwd: '/', timeout: PATIENCE, stdin: 'ignore', reject: false },
  })
  return { status: exitCode ?? 1, stdout, stderr: stderr === '' ? (shortMessage ?? '') : stderr }
}
