import { compileRules, decide, refusedAddress } from '../network/rules/decide.ts'
import { entryFor, readAuthority, targetText } from '../network/rules/host.ts'
import type { Policy } from '../policy/types.ts'
import type { Explanation } from './types.ts'

/** May the box talk to `host` or `host:port` (443 unless given)? Undefined if that is no host. Pure. */
export function explainHost(
  text: string,
  policy: Policy,
  agentHosts: readonly string[],
): Explanation | undefined {
  const authority = readAuthority(text.toLowerCase(), 443)
  if (authority === undefined) return undefined
  const host = targetText(authority.target)
  const about = {
    kind: 'host',
    subject: `${host}:${authority.port}`,
    also: [] as string[],
    change: [] as string[],
  } as const
  const { mode } = policy.network
  if (mode.value !== 'allow') {
    return {
      ...about,
      state: mode.value === 'none' ? 'refused' : 'allowed',
      because: [{ text: `network.mode: ${mode.value}`, origin: mode.origin }],
      change:
        mode.value === 'none'
          ? ['network.mode: allow, with the host under network.allow']
          : ['network.mode: allow, which lets only listed hosts through'],
    }
  }
  const rules = compileRules(policy.network, agentHosts)
  const decision = decide(rules, authority)
  if (decision.allowed) {
    const special =
      authority.target.kind === 'address' ? refusedAddress(rules, host, authority.port) : undefined
    if (special === undefined) {
      return {
        ...about,
        state: 'allowed',
        because: [{ text: `network.allow: ${decision.rule}`, origin: decision.origin }],
        also: [
          'an address of a private network that it resolves to is still refused, unless that is listed itself',
        ],
        change: [`network.deny: [${host}] in .agentboxrc: a restriction, which applies at once`],
      }
    }
    return { ...about, state: 'refused', because: [{ text: special }] }
  }
  return {
    ...about,
    state: 'refused',
    because: [{ text: decision.rule, origin: decision.origin }],
    change: decision.rule.startsWith('network.deny')
      ? ['take it out of network.deny there']
      : [
          `agentbox allow-host ${entryFor(host, authority.port)}: adds a grant to .agentboxrc`,
          `agentbox allow-host --user ${entryFor(host, authority.port)}: for every repository of yours`,
        ],
  }
}
