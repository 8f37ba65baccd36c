import { describe, expect, it } from 'vitest'
import type { UpstreamProxy } from '../../../src/network/proxy/access.ts'
import { upstreamFor } from '../../../src/network/proxy/upstream.ts'

const PROXY = 'http://proxy.corp:3128'

describe('the proxy of the host', () => {
  it.each<[Record<string, string>, 'http' | 'https', string, string | undefined]>([
    [{}, 'https', 'a.b', undefined],
    [{ HTTPS_PROXY: PROXY }, 'https', 'a.b', 'proxy.corp:3128'],
    [{ https_proxy: PROXY }, 'https', 'a.b', 'proxy.corp:3128'],
    [{ HTTPS_PROXY: PROXY }, 'http', 'a.b', undefined],
    [{ ALL_PROXY: 'proxy.corp:3128' }, 'http', 'a.b', 'proxy.corp:3128'],
    [{ HTTPS_PROXY: PROXY, NO_PROXY: 'b' }, 'https', 'a.b', undefined],
    [{ HTTPS_PROXY: PROXY, NO_PROXY: '.a.b, c.d' }, 'https', 'a.b', undefined],
    [{ HTTPS_PROXY: PROXY, NO_PROXY: 'xa.b' }, 'https', 'a.b', 'proxy.corp:3128'],
    [{ HTTPS_PROXY: PROXY, NO_PROXY: 'a.b:444' }, 'https', 'a.b', 'proxy.corp:3128'],
    [{ HTTPS_PROXY: PROXY, NO_PROXY: '*' }, 'https', 'a.b', undefined],
    [{ HTTPS_PROXY: 'socks5://x:1' }, 'https', 'a.b', 'socks x:1'],
    [{ ALL_PROXY: 'socks5h://x' }, 'http', 'a.b', 'socks x:1080'],
    [{ ALL_PROXY: 'socks5h://x', NO_PROXY: 'b' }, 'http', 'a.b', undefined],
    [{ ALL_PROXY: 'socks4://x' }, 'http', 'a.b', 'unusable: agentbox does not speak socks4'],
    [{ HTTPS_PROXY: 'nonsense://' }, 'https', 'a.b', 'unusable: its URL cannot be read'],
  ])('%j %s://%s', (env, scheme, host, wanted) => {
    const found = upstreamFor(env, scheme, host, scheme === 'http' ? 80 : 443)
    expect(found && textOf(found)).toBe(wanted)
  })

  it('logs in', () => {
    const found = upstreamFor({ HTTPS_PROXY: 'http://u:p%40@proxy' }, 'https', 'a.b', 443)
    const authorization = 'Basic dTpwQA=='
    expect(found).toEqual({ kind: 'http', host: 'proxy', port: 80, tls: false, authorization })
    const socks = upstreamFor({ HTTPS_PROXY: 'socks5://u:p%40@proxy' }, 'https', 'a.b', 443)
    expect(socks).toEqual({
      kind: 'socks',
      host: 'proxy',
      port: 1080,
      login: { user: 'u', password: 'p@' },
    })
  })
})

function textOf(found: UpstreamProxy): string {
  if (found.kind === 'unusable') return `unusable: ${found.reason}`
  return `${found.kind === 'socks' ? 'socks ' : ''}${found.host}:${found.port}`
}
