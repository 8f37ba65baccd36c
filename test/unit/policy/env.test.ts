import { describe, expect, it } from 'vitest'
import { claude } from '../../../src/policy/agents/claude.ts'
import { generic } from '../../../src/policy/agents/generic.ts'
import { boxEnv, type BoxEnv, type EnvInput } from '../../../src/policy/env.ts'
import { policyWith } from './policies.ts'

function env(host: Record<string, string>, rest: Partial<EnvInput> = {}): Record<string, string> {
  return inputEnv(host, rest).env
}

function inputEnv(host: Record<string, string>, rest: Partial<EnvInput> = {}): BoxEnv {
  return boxEnv({
    host,
    policy: policyWith({}),
    profile: generic,
    home: '/home/u',
    user: 'u',
    shell: '/bin/bash',
    shown: ['/usr', '/bin', '/home/u/.nvm', '/w/p'],
    ...rest,
  })
}

describe('boxEnv', () => {
  it.each([
    'AWS_SECRET_ACCESS_KEY',
    'SSH_AUTH_SOCK',
    'DBUS_SESSION_BUS_ADDRESS',
    'LD_PRELOAD',
    'NODE_OPTIONS',
    'BASH_ENV',
  ])('leaves out %s', (name) => expect(env({ [name]: 'x' })).not.toHaveProperty(name))

  it.each(['TERM', 'LANG', 'LC_ALL', 'TZ', 'NO_COLOR'])('passes %s', (name) =>
    expect(env({ [name]: 'x' })[name]).toBe('x'),
  )

  it("passes an agent's key to that agent only", () => {
    expect(env({ ANTHROPIC_API_KEY: 'k' })).not.toHaveProperty('ANTHROPIC_API_KEY')
    expect(env({ ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: 'o' }, { profile: claude })).toMatchObject({
      ANTHROPIC_API_KEY: 'k',
    })
    expect(env({ OPENAI_API_KEY: 'o' }, { profile: claude })).not.toHaveProperty('OPENAI_API_KEY')
  })

  it('keeps of PATH what the box shows, absolute, in order', () => {
    const PATH = '/home/u/bin:/home/u/.nvm/v/bin:.::relative:/w/p/node_modules/.bin:/usr/bin:/usrx:/usr/bin'
    expect(env({ PATH })['PATH']).toBe('/run/agentbox/bin:/home/u/.nvm/v/bin:/w/p/node_modules/.bin:/usr/bin')
  })

  it('has a PATH even if nothing of it is shown', () => {
    expect(env({ PATH: '/home/u/bin' })['PATH']).toBe('/run/agentbox/bin:/usr/local/bin:/usr/bin:/bin')
  })

  it('passes proxies only with the network of the host', () => {
    expect(env({ HTTPS_PROXY: 'p' })['HTTPS_PROXY']).toBe('p')
    expect(env({ HTTPS_PROXY: 'p' }, { policy: policyWith({ network: 'none' }) })).not.toHaveProperty(
      'HTTPS_PROXY',
    )
  })

  it('under allow names the proxy in every spelling, whatever the user has', () => {
    const policy = policyWith({ network: 'allow', set: { https_proxy: 'http://evil' } })
    const found = env({ HTTPS_PROXY: 'http://u:pw@company', no_proxy: '*' }, { policy })
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'])
      expect(found[name]).toBe('http://127.0.0.1:61128')
    expect(found['no_proxy']).toBe(found['NO_PROXY'])
    expect(found).not.toHaveProperty('JAVA_TOOL_OPTIONS')
    expect(env({ JAVA_HOME: '/usr' }, { policy })['JAVA_TOOL_OPTIONS']).toContain('-Dhttps.proxyPort=61128')
  })

  it.each(['none', 'allow', 'host'] as const)('keeps credentials that are added outside: %s', (network) => {
    const value = { host: 'api.anthropic.com', header: 'x-api-key', from: 'env:MY_KEY' }
    const credentials = [{ value, origin: { layer: 'user' as const } }]
    const policy = { ...policyWith({ network, pass: ['MY_KEY'] }), credentials }
    const found = env({ MY_KEY: 'real', ANTHROPIC_API_KEY: 'real' }, { policy, profile: claude })
    expect(Object.values(found)).not.toContain('real')
    expect(found['ANTHROPIC_BASE_URL']).toBe(network === 'allow' ? 'http://127.0.0.1:61129' : undefined)
  })

  it('passes and sets what the policy says, but not its own variables', () => {
    const policy = policyWith({ pass: ['MYAPP_*'], set: { NODE_ENV: 'test', HOME: '/evil', PATH: '/evil' } })
    expect(env({ MYAPP_A: '1', OTHER: '2' }, { policy })).toMatchObject({
      MYAPP_A: '1',
      NODE_ENV: 'test',
      HOME: '/home/u',
    })
    expect(env({}, { policy })['PATH']).not.toContain('evil')
  })

  it('knows which values are the user own, to keep them out of what is printed', () => {
    const host = { ANTHROPIC_API_KEY: 'k', HOME: '/x', TERM: 't' }
    expect(inputEnv(host, { profile: claude }).passed.toSorted()).toEqual(['ANTHROPIC_API_KEY', 'TERM'])
  })
})
