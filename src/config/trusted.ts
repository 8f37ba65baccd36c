import type { Grant } from '../errors.ts'
import { isWithin } from '../host/paths.ts'
import type { Policy, TrustedGrant } from '../policy/types.ts'
import { hostCovers } from './hosts.ts'
import { normalEntry } from '../network/rules/entry.ts'
import { absolutePath, checkPath } from './paths.ts'
import { passCovers } from './reach.ts'
import { both, checkText, type Check } from './text.ts'

/** Entries of `trust.grants`: a kind of grant and its value, as `agentbox allow --show` prints them. */
const KINDS: Record<Grant['kind'], true> = {
  read: true,
  write: true,
  unmask: true,
  env: true,
  network: true,
  ssh: true,
  home: true,
  protect: true,
  names: true,
  live: true,
}

const checkFull = checkPath('own-grant')

export const checkTrustedGrant: Check = both(checkText, (entry) => {
  const { kind, value } = parts(entry)
  if (value === '') return 'needs a kind and a value: "network *.example.com"'
  if (!Object.hasOwn(KINDS, kind)) return `has no kind of grant in front: ${Object.keys(KINDS).join(', ')}`
  return kind === 'read' || kind === 'write' ? checkFull(value) : undefined
})

/** `entry` has passed the check. */
export function trustedGrant(entry: string, home: string): TrustedGrant {
  const { kind, value } = parts(entry)
  const path = kind === 'read' || kind === 'write'
  return { kind: kind as Grant['kind'], value: path ? absolutePath(value, '/', home) : value }
}

function parts(entry: string): { kind: string; value: string } {
  const [kind = '', ...rest] = entry.trim().split(' ')
  return { kind, value: rest.join(' ').trim() }
}

/** Does the user's configuration approve it in every repository, or all that is in its directory? */
export function configured(
  { directories, grants }: Policy['trust'],
  grant: Grant,
): 'directory' | 'configuration' | undefined {
  const file = grant.under ?? grant.file
  if (directories.some(({ value }) => isWithin(file, value))) return 'directory'
  return grants.some(({ value }) => covers(value, grant)) ? 'configuration' : undefined
}

function covers(wide: TrustedGrant, { kind, value }: Grant): boolean {
  if (wide.kind === 'write' && kind === 'read') return isWithin(value, wide.value)
  if (wide.kind !== kind) return false
  switch (kind) {
    case 'read':
    case 'write':
      return isWithin(value, wide.value)
    case 'network':
      // Modes and ports are no hosts; they are what they say.
      return wide.value === value || hostCovers(normalEntry(wide.value), value)
    case 'env':
      return passCovers(wide.value, value)
    case 'unmask':
    case 'ssh':
    case 'home':
    case 'protect':
    case 'names':
    case 'live':
      return wide.value === value
  }
}
