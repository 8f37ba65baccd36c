import { describe, expect, it } from 'vitest'
import { claude } from '../../../src/policy/agents/claude.ts'
import { copilot } from '../../../src/policy/agents/copilot.ts'
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
    // They begin like names that are passed.
    'LESSOPEN',
    'TERMINFO_DIRS',
    'LANG_TOKEN',
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

  it.each([
    ['api.anthropic.com', 'ANTHROPIC_API_KEY'],
    ['api.anthropic.com', 'ANTHROPIC_AUTH_TOKEN'],
    ['api.openai.com', 'OPENAI_API_KEY'],
    ['api.openai.com', 'CODEX_API_KEY'],
    ['generativelanguage.googleapis.com', 'GEMINI_API_KEY'],
    ['generativelanguage.googleapis.com', 'GOOGLE_API_KEY'],
  ])('where the key of %s is added, %s stays outside, even if it is passed', (host, name) => {
    const value = { host, header: 'x-api-key', from: 'file:~/key' }
    const policy = {
      ...policyWith({ network: 'allow', pass: [name] }),
      credentials: [{ value, origin: { layer: 'user' as const } }],
    }
    expect(Object.values(env({ [name]: 'real' }, { policy }))).not.toContain('real')
  })

  describe('a base URL of the user that leads to a host with a credential', () => {
    const led = (host: Record<string, string>, from = 'file:~/key', network: 'allow' | 'none' = 'allow') => {
      const value = { host: 'models.example', header: 'authorization', from }
      const credentials = [{ value, origin: { layer: 'user' as const } }]
      const policy = { ...policyWith({ network, pass: ['MY_KEY'] }), credentials }
      return env(host, { policy, profile: copilot })
    }
    const base = 'COPILOT_PROVIDER_BASE_URL'

    it('is changed, and the keys beside it stay outside', () => {
      const found = led({
        [base]: 'https://Models.example:443/openai/v1',
        COPILOT_PROVIDER_API_KEY: 'real',
        COPILOT_PROVIDER_BEARER_TOKEN: 'real',
        COPILOT_PROVIDER_API_KEY_COMMAND: 'cat real',
        COPILOT_MODEL: 'm',
      })
      expect(found).toMatchObject({
        [base]: 'http://127.0.0.1:61129/openai/v1',
        COPILOT_PROVIDER_API_KEY: 'agentbox-placeholder',
        COPILOT_MODEL: 'm',
      })
      expect(Object.values(found).filter((value) => value.includes('real'))).toEqual([])
    })

    it('has the placeholder where the key came from', () => {
      const found = led(
        { [base]: 'https://models.example', COPILOT_PROVIDER_BEARER_TOKEN: 'real' },
        'env:COPILOT_PROVIDER_BEARER_TOKEN',
      )
      expect(found['COPILOT_PROVIDER_BEARER_TOKEN']).toBe('agentbox-placeholder')
      expect(found).not.toHaveProperty('COPILOT_PROVIDER_API_KEY')
    })

    it('stays as it is where nothing adds the key, which is withheld all the same', () => {
      const url = 'https://models.example/v1'
      const found = led({ [base]: url, COPILOT_PROVIDER_API_KEY: 'real' }, 'file:~/key', 'none')
      expect(found[base]).toBe(url)
      expect(found).not.toHaveProperty('COPILOT_PROVIDER_API_KEY')
    })

    it.each([
      'http://models.example/v1',
      'https://models.example.evil.example/v1',
      'https://evil.example/models.example',
      'https://u@models.example/v1',
      'https://models.example:8443/v1',
      'https://models.example/v1?key=1',
    ])('is another one: %s', (url) => {
      expect(led({ [base]: url, COPILOT_PROVIDER_API_KEY: 'k' })).toMatchObject({
        [base]: url,
        COPILOT_PROVIDER_API_KEY: 'k',
      })
    })
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
    const policy = policyWith({ set: { TERM: 'dumb' } })
    expect(inputEnv(host, { policy }).passed).toEqual([])
  })
})
