import { describe, expect, it } from 'vitest'
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
    [{ HTTPS_PROXY: 'socks5://x:1' }, 'https', 'a.b', undefined],
    [{ HTTPS_PROXY: 'nonsense://' }, 'https', 'a.b', undefined],
  ])('%j %s://%s', (env, scheme, host, wanted) => {
    const found = upstreamFor(env, scheme, host, scheme === 'http' ? 80 : 443)
    expect(found && `${found.host}:${found.port}`).toBe(wanted)
  })

  it('logs in', () => {
    const found = upstreamFor({ HTTPS_PROXY: 'https://u:p%40@proxy' }, 'https', 'a.b', 443)
    expect(found).toEqual({ host: 'proxy', port: 443, tls: true, authorization: 'Basic dTpwQA==' })
  })
})
