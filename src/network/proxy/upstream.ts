import { parseAddress } from '../rules/address.ts'
import type { UpstreamProxy } from './access.ts'

/**
 * The proxy that the user's own environment names for a host, as most programs read it: HTTPS_PROXY,
 * HTTP_PROXY, ALL_PROXY and NO_PROXY, in either case. Undefined: go directly. Pure.
 */
export function upstreamFor(
  env: Readonly<Record<string, string | undefined>>,
  scheme: 'http' | 'https',
  host: string,
  port: number,
): UpstreamProxy | undefined {
  const value = (name: string): string | undefined => env[name.toLowerCase()] || env[name] || undefined
  const url = value(scheme === 'http' ? 'HTTP_PROXY' : 'HTTPS_PROXY') ?? value('ALL_PROXY')
  if (url === undefined || isExempt(value('NO_PROXY') ?? '', host, port)) return undefined
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

function proxyOf(text: string): UpstreamProxy | undefined {
  const spelt = text.includes('://') ? text : `http://${text}`
  if (!URL.canParse(spelt)) return undefined
  const url = new URL(spelt)
  if (!['http:', 'https:'].includes(url.protocol) || url.hostname === '') return undefined
  const tls = url.protocol === 'https:'
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
    tls,
    ...(login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
  }
}
