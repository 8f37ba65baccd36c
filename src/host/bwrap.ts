import { fail } from '../errors.ts'
import { lstatOf, readRegular, realpathOf } from './files.ts'
import { distrust } from './trusted.ts'

/** Only the system's own places: a `bwrap` early in PATH may belong to a repository. */
const PLACES = ['/usr/bin/bwrap', '/bin/bwrap', '/usr/local/bin/bwrap', '/run/current-system/sw/bin/bwrap']

/** The absolute, resolved path of the system's bwrap. Fails if there is none, or others could replace it. */
export function locateBwrap(places: readonly string[] = PLACES): string {
  const found = places.find((place) => lstatOf(place) !== undefined)
  const path = found === undefined ? undefined : realpathOf(found)
  if (path === undefined) return fail({ code: 'bwrap-missing' })
  const reason = distrust(path)
  if (reason !== undefined) fail({ code: 'bwrap-untrusted', path, reason })
  return path
}

/** What a failed set-up means, from what bwrap wrote and the kernel's switches. */
export function diagnose(
  stderr: string,
  bwrap: string,
  read: (path: string) => string | undefined = (path) => readRegular(path, 4096)?.toString('utf8'),
): never {
  const unknown = /Unknown option (--[a-z-]+)/.exec(stderr)
  if (unknown !== null) {
    return fail({ code: 'bwrap-too-old', path: bwrap, version: `without ${unknown[1]}`, needed: '0.8.0' })
  }
  const refused =
    /(No permissions to creat|Creating new namespace failed|setting up uid map|need to be root|RTM_NEWADDR|No permissions to creating new namespace)/
  if (!refused.test(stderr)) return fail({ code: 'bwrap-failed', stderr })
  const is = (path: string, value: string): boolean => read(path)?.trim() === value
  if (is('/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1')) {
    return fail({ code: 'userns-refused', by: 'apparmor', stderr })
  }
  const off =
    is('/proc/sys/user/max_user_namespaces', '0') || is('/proc/sys/kernel/unprivileged_userns_clone', '0')
  return fail({ code: 'userns-refused', by: off ? 'sysctl' : 'unknown', stderr })
}
