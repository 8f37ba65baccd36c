import { parseAddress } from '../rules/address.ts'
import type { UpstreamProxy } from './access.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Where a setting stands: the spelling in small letters comes first. */
function spelling(env: Env, name: string): string | undefined {
  return [name.toLowerCase(), name].find((one) => env[one] !== undefined && env[one] !== '')
}

/** The variable that names the proxy for a scheme. */
export function upstreamVariable(env: Env, scheme: 'http' | 'https'): string | undefined {
  return spelling(env, scheme === 'http' ? 'HTTP_PROXY' : 'HTTPS_PROXY') ?? spelling(env, 'ALL_PROXY')
}

/**
 * The proxy that the user's own environment names for a host, as most programs read it: HTTPS_PROXY,
 * HTTP_PROXY, ALL_PROXY and NO_PROXY, in either case. Undefined: go directly. Pure.
 */
export function upstreamFor(
  env: Env,
  scheme: 'http' | 'https',
  host: string,
  port: number,
): UpstreamProxy | undefined {
  const value = (name: string | undefined): string => (name === undefined ? '' : (env[name] ?? ''))
  const url = value(upstreamVariable(env, scheme))
  if (url === '' || isExempt(value(spelling(env, 'NO_PROXY')), host, port)) return undefined
  return proxyOf(url)
}

function isExempt(list: string, host: string, port: number): boolean {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true
      const [, name = '', only] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [undefined, entry]
      if (only !== undefined && Number(only) !== port) return false
      const bare = name.replace(/^\*?\./, '').replace(/^\[(.*)\]$/, '$1')
      return bare !== '' && (host === bare || (parseAddress(host) === undefined && host.endsWith(`.${bare}`)))
    })
}

function proxyOf(text: string): UpstreamProxy {
  const spelt = text.includes('://') ? text : `http://${text}`
  const url = URL.canParse(spelt) ? new URL(spelt) : undefined
  if (url === undefined || url.hostname === '') return { kind: 'unusable', reason: 'its URL cannot be read' }
  const scheme = url.protocol.slice(0, -1)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(url.port)
  const [user, password] = [decoded(url.username), decoded(url.password)]
  const hasLogin = user !== '' || password !== ''
  switch (scheme) {
    case 'http':
    case 'https': {
      const tls = scheme === 'https'
      const login = Buffer.from(`${user}:${password}`).toString('base64')
      const authorization = hasLogin ? { authorization: `Basic ${login}` } : {}
      return { kind: 'http', host, port: port || (tls ? 443 : 80), tls, ...authorization }
    }
    case 'socks':
    case 'socks5':
    case 'socks5h':
      return { kind: 'socks', host, port: port || 1080, ...(hasLogin ? { login: { user, password } } : {}) }
    default:
      return { kind: 'unusable', reason: `agentbox does not speak ${scheme}` }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
