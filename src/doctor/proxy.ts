import { parseAddress, specialAddress } from '../network/rules/address.ts'
import type * as ProxyModule from '../network/proxy/index.ts'
import type { Check, Finding } from './types.ts'

/** Of the internet: what NO_PROXY exempts is another matter. */
const SOMEWHERE = 'example.com'

export const proxy: Check = {
  id: 'proxy',
  about: 'the proxy that your environment names (HTTPS_PROXY …): whether boxes can go on through it',
  async run({ env, situation }) {
    const mode = situation?.policy.network.mode.value ?? 'allow'
    if (mode !== 'allow') return []
    const loaded = await import('../network/proxy/index.ts')
    const [https, http] = (['https', 'http'] as const).map((scheme) => lookAt(loaded, scheme, env))
    const found = [await https, await http].flatMap((one) => one ?? [])
    // ALL_PROXY is for both.
    return found.filter((one, at) => found.findIndex(({ problem }) => problem === one.problem) === at)
  },
}

async function lookAt(
  { dialUpstream, upstreamFor, upstreamVariable }: typeof ProxyModule,
  scheme: 'http' | 'https',
  env: NodeJS.ProcessEnv,
): Promise<Finding | undefined> {
  const name = upstreamVariable(env, scheme)
  const upstream = upstreamFor(env, scheme, SOMEWHERE, scheme === 'http' ? 80 : 443)
  if (name === undefined || upstream === undefined) return undefined
  if (upstream.kind === 'unusable') return told(`${name} cannot be used: ${upstream.reason}`)
  // To one elsewhere nothing is sent without being asked for.
  if (!isNear(upstream.host)) return undefined
  try {
    const socket = await dialUpstream(upstream)
    socket.destroy()
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return told(
      `${name} leads to ${upstream.host}:${upstream.port}, and nothing answers there (${code ?? message})`,
    )
  }
}

function isNear(host: string): boolean {
  const address = parseAddress(host)
  return host === 'localhost' || (address !== undefined && specialAddress(address) === 'loopback')
}

function told(problem: string): Finding {
  return {
    check: 'proxy',
    severity: 'warning',
    problem,
    why: 'boxes go through it as your programs do, and never directly instead: their requests fail',
    mend: 'give it an http://, https:// or socks5h:// proxy that runs, or unset it',
  }
}
