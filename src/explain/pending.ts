import type { Grant } from '../errors.ts'
import { isWithin } from '../host/paths.ts'
import { compileRules, decide } from '../network/rules/decide.ts'
import { readAuthority } from '../network/rules/host.ts'
import { matchesName } from '../policy/env.ts'
import type { Explanation } from './types.ts'

/** The grants that a repository asks for, that nobody approved and that would change the answer. Pure. */
export function pendingAbout(
  { kind, subject }: Explanation,
  pending: readonly Grant[],
  agentHosts: readonly string[],
): Grant[] {
  return pending.filter((grant) => {
    switch (grant.kind) {
      case 'read':
      case 'write':
        return kind === 'path' && isWithin(subject, grant.value)
      case 'env':
        return kind === 'variable' && matchesName(subject, grant.value)
      case 'network':
        return kind === 'host' && opens(grant.value, subject, agentHosts)
      default:
        return false
    }
  })
}

/** An entry, a preset, or the mode that opens everything. */
function opens(value: string, subject: string, agentHosts: readonly string[]): boolean {
  const authority = readAuthority(subject, undefined)
  if (authority === undefined) return false
  const rules = compileRules({ allow: [{ value, origin: { layer: 'repo' } }], deny: [] }, agentHosts)
  return value === 'mode: host' || decide(rules, authority).allowed
}
