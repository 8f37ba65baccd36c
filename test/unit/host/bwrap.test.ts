import { describe, expect, it } from 'vitest'
import { diagnose } from '../../../src/host/bwrap.ts'
import type { AgentboxError } from '../../../src/errors.ts'

function problem(stderr: string, files: Record<string, string> = {}): unknown {
  try {
    return diagnose(stderr, '/usr/bin/bwrap', (path) => files[path])
  } catch (error) {
    return (error as AgentboxError).problem
  }
}

describe('diagnose', () => {
  const apparmor = { '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' }
  it.each([
    ['bwrap: Unknown option --disable-userns', {}, { code: 'bwrap-too-old' }],
    ['bwrap: setting up uid map: Permission denied', apparmor, { code: 'userns-refused', by: 'apparmor' }],
    [
      'bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted',
      apparmor,
      { code: 'userns-refused', by: 'apparmor' },
    ],
    [
      'bwrap: No permissions to create new namespace',
      { '/proc/sys/kernel/unprivileged_userns_clone': '0' },
      { code: 'userns-refused', by: 'sysctl' },
    ],
    [
      'bwrap: Creating new namespace failed: No space left on device',
      { '/proc/sys/user/max_user_namespaces': '0\n' },
      { code: 'userns-refused', by: 'sysctl' },
    ],
    ['bwrap: No permissions to create new namespace', {}, { code: 'userns-refused', by: 'unknown' }],
    ["bwrap: Can't find source path /x: No such file or directory", {}, { code: 'bwrap-failed' }],
    ['', {}, { code: 'bwrap-failed' }],
  ])('%j', (stderr, files, expected) => expect(problem(stderr, files)).toMatchObject(expected))
})
