import { networkInterfaces } from 'node:os'
import { addressText, specialAddress, parseAddress } from '../rules/address.ts'
import type { Rules } from '../rules/decide.ts'
import type { Access, Verdict } from './access.ts'
import { dialAddress, resolveName } from './dial.ts'
import { upstreamFor } from './upstream.ts'

/** What a session loads when its box connects for the first time. */
export { credentialFront } from './credential.ts'
export { dialAddress, dialUpstream } from './dial.ts'
export { proxy } from './serve.ts'
export { join } from './streams.ts'
/** What `doctor` asks about the user's own proxy. */
export { upstreamFor, upstreamVariable } from './upstream.ts'

export { closeRefused } from './access.ts'

export type { Access, Verdict }

/** Asked each time: addresses come and go with networks. */
function isOwnAddress(address: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return own.some((one) => {
    const bytes = parseAddress(one.address)
    return bytes !== undefined && addressText(bytes) === address
  })
}

/** The real network, as this process and the user's environment see it. */
export function systemAccess(
  rules: Rules,
  env: Readonly<Record<string, string | undefined>>,
  report: (verdict: Verdict) => void,
): Access {
  return {
    rules,
    flows: new Map(),
    report,
    resolve: resolveName,
    dial: dialAddress,
    isOwn: isOwnAddress,
    upstream(scheme, host, port) {
      const address = parseAddress(host)
      // What the policy lists by a private address is near, not behind a proxy.
      if (address !== undefined && specialAddress(address) !== undefined) return undefined
      return upstreamFor(env, scheme, host, port)
    },
  }
}
