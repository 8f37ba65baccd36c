import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { claude } from '../../../src/policy/agents/claude.ts'
import { agents, profileOf } from '../../../src/policy/agents/index.ts'
import { gemini } from '../../../src/policy/agents/gemini.ts'
import { lead } from '../../../src/policy/agents/lead.ts'
import { opencode } from '../../../src/policy/agents/opencode.ts'
import { pi } from '../../../src/policy/agents/pi.ts'
import { agentPlaces } from '../../../src/policy/agents/places.ts'
import { hostPathOf, relocate } from '../../../src/policy/agents/relocate.ts'
import { isOfAgent } from '../../../src/policy/env.ts'
import { policyWith } from './policies.ts'

describe('agents', () => {
  it('lists every profile of the folder', () => {
    const files = readdirSync(new URL('../../../src/policy/agents/', import.meta.url))
      .map((file) => file.replace('.ts', ''))
      .filter(
        (name) =>
          !['index', 'types', 'generic', 'relocate', 'places', 'recognise', 'lead', 'overlay'].includes(name),
      )
    expect(agents.map(({ name }) => name).toSorted()).toEqual(files.toSorted())
  })

  it('has no command twice', () => {
    const commands = agents.flatMap((agent) => agent.commands)
    expect(new Set(commands).size).toBe(commands.length)
  })

  it.each(agents)('$name keeps to the home, and lets nothing sync that steers', (agent) => {
    const paths = [
      ...agent.readonly,
      ...agent.synced,
      ...agent.install,
      ...agent.seeds.map(({ path }) => path),
    ]
    for (const path of paths) expect(path).toMatch(/^\.[^/]+(\/[^/]+)*$/)
    for (const path of agent.synced) expect(agent.readonly).not.toContain(path)
    expect(agent.hosts.length).toBeGreaterThan(0)
  })

  it.each([
    ['claude', 'claude'],
    ['/usr/local/bin/codex', 'codex'],
    ['claude2', 'generic'],
    ['', 'generic'],
  ])('%s runs as %s', (command, name) => expect(profileOf(command).name).toBe(name))
})

describe('relocate', () => {
  const places = { home: '/home/u', project: '/home/u/p', real: (path: string) => path }
  const moved = (value: string | undefined, at = places): typeof claude =>
    relocate(claude, { CLAUDE_CONFIG_DIR: value }, at)

  it('follows the variable within the home', () => {
    const profile = moved('/home/u/.config/cl/')
    expect(profile).toMatchObject({
      synced: ['.config/cl/.credentials.json'],
      seeds: [{ path: '.config/cl/.claude.json' }],
      moves: [{ dir: '.config/cl' }],
    })
    expect(isOfAgent('CLAUDE_CONFIG_DIR', profile)).toBe(true)
    expect(hostPathOf(profile, profile.synced[0]!, '/home/u')).toBe('/home/u/.config/cl/.credentials.json')
  })

  it('shows what lies outside the home at the usual place', () => {
    const profile = moved('/data/claude')
    const { readonly, synced, seeds } = claude
    expect(profile).toMatchObject({ readonly, synced, seeds })
    expect(isOfAgent('CLAUDE_CONFIG_DIR', profile)).toBe(false)
    const at = (path: string): string => hostPathOf(profile, path, '/home/u')
    expect(at('.claude/settings.json')).toBe('/data/claude/settings.json')
    expect(at('.claude.json')).toBe('/data/claude/.claude.json')
    expect(at('.claude-other')).toBe('/home/u/.claude-other')
  })

  it.each(['/home/u', '/home/u/../v', '/home', 'relative', '/', '/home/u/p', '/home/u/p/cl'])(
    'neither passes nor follows %s',
    (value) => {
      const profile = moved(value)
      expect(isOfAgent('CLAUDE_CONFIG_DIR', profile)).toBe(false)
      expect(profile).toMatchObject({ readonly: claude.readonly, synced: claude.synced })
      expect(profile.sources).toBeUndefined()
    },
  )

  it('does not follow a link into the project', () => {
    const profile = moved('/home/u/cl', { ...places, real: () => '/home/u/p/cl' })
    expect(profile).toMatchObject({ readonly: claude.readonly, unpassed: ['CLAUDE_CONFIG_DIR'] })
  })

  it.each([undefined, '', '/home/u/.claude', '/home/u/.claude/'])('is nothing for %j', (value) =>
    expect(moved(value)).toBe(claude),
  )

  it.each(agents.flatMap((agent) => (agent.moves ?? []).map((move) => ({ agent, ...move }))))(
    'does not pass $variable that leads out of the home',
    ({ agent, variable, dir, below }) => {
      const profile = relocate(agent, { [variable]: '/data/x' }, places)
      expect(isOfAgent(variable, profile)).toBe(false)
      expect(hostPathOf(profile, dir, '/home/u')).toBe(below === undefined ? '/data/x' : `/data/x/${below}`)
    },
  )

  it('knows a directory below the one that is named', () => {
    const profile = relocate(gemini, { GEMINI_CLI_HOME: '/home/u/g' }, places)
    expect(profile.readonly).toContain('g/.gemini/settings.json')
    expect(relocate(gemini, { GEMINI_CLI_HOME: '/home/u' }, places)).toBe(gemini)
  })

  it('shows at the usual place what a variable moves that is not passed', () => {
    const profile = relocate(opencode, { XDG_DATA_HOME: '/home/u/data' }, places)
    expect(profile.synced).toEqual(opencode.synced)
    expect(hostPathOf(profile, opencode.synced[0]!, '/home/u')).toBe('/home/u/data/opencode/auth.json')
    expect(isOfAgent('XDG_DATA_HOME', profile)).toBe(false)
  })
})

describe('agentPlaces', () => {
  const of = (agent: string, env: NodeJS.ProcessEnv): unknown =>
    agentPlaces(env, '/home/u', '/home/u/p').find((place) => place.agent === agent)

  it('says where the user has what', () => {
    expect(of('codex', {})).toMatchObject({
      dir: '/home/u/.codex',
      moved: false,
      logins: ['/home/u/.codex/auth.json'],
    })
    expect(of('codex', { CODEX_HOME: 'cfg' })).toMatchObject({ dir: '/home/u/p/cfg', moved: true })
    expect(of('gemini', { GEMINI_CLI_HOME: '/g' })).toMatchObject({
      dir: '/g/.gemini',
      logins: ['/g/.gemini/oauth_creds.json', '/g/.gemini/google_accounts.json'],
    })
  })
})

describe('lead', () => {
  const file = '/home/u/.pi/agent/models.json'
  const given = (text: string | undefined, network: 'allow' | 'none' = 'allow'): typeof pi => {
    const value = { host: 'api.openai.com', header: 'authorization', from: 'env:KEY' }
    const policy = {
      ...policyWith({ network }),
      credentials: [{ value, origin: { layer: 'user' as const } }],
    }
    return lead(pi, policy, '/home/u', (path) => (path === file ? text : undefined))
  }
  const providers = (text: string | undefined): unknown =>
    (JSON.parse(given(text).led!.content) as { providers: unknown }).providers

  it('gives the box a file where the user has none', () => {
    expect(providers(undefined)).toEqual({ openai: { baseUrl: 'http://127.0.0.1:61129/v1' } })
    expect(given(undefined).led).toMatchObject({ path: file, own: false })
    expect(given('{}').led).toMatchObject({ path: file, own: true })
    expect(given(undefined).readonly).not.toContain('.pi/agent/models.json')
  })

  it("changes the user's URLs of that host, with the keys beside them, and nothing else", () => {
    const own = {
      mine: {
        baseUrl: 'https://api.openai.com/v2',
        apiKey: '!pass show openai',
        models: [{ id: 'a', baseUrl: 'https://api.openai.com/v3' }],
      },
      openai: { compat: { x: 1 } },
      other: { baseUrl: 'https://other.example/v1', apiKey: 'OTHER_KEY' },
    }
    expect(providers(JSON.stringify({ providers: own }))).toEqual({
      mine: {
        baseUrl: 'http://127.0.0.1:61129/v2',
        apiKey: 'agentbox-placeholder',
        models: [{ id: 'a', baseUrl: 'http://127.0.0.1:61129/v3' }],
      },
      openai: { baseUrl: 'http://127.0.0.1:61129/v1', compat: { x: 1 } },
      other: own.other,
    })
  })

  it('reads comments and commas at the end, as pi does', () => {
    const text = `{
      // "openai": { "baseUrl": "https://api.openai.com/v9" },
      "providers": { "mine": { "baseUrl": "https://api.openai.com/v2", "apiKey": "a//b,]", }, }, // mine
    }`
    expect(providers(text)).toMatchObject({
      mine: { baseUrl: 'http://127.0.0.1:61129/v2', apiKey: 'agentbox-placeholder' },
      openai: { baseUrl: 'http://127.0.0.1:61129/v1' },
    })
    const other = '{"providers": {"x": {"baseUrl": "https://x.example", "apiKey": "a//b,]"}}} // "'
    expect(providers(other)).toMatchObject({ x: { baseUrl: 'https://x.example', apiKey: 'a//b,]' } })
  })

  it('leaves a file that it cannot read, and everything where no key is added', () => {
    expect(given('{ mine')).toBe(pi)
    expect(given(undefined, 'none')).toBe(pi)
    expect(lead(claude, policyWith({}), '/home/u', () => undefined)).toBe(claude)
  })

  it('follows a directory that was moved', () => {
    const moved = relocate(
      pi,
      { PI_CODING_AGENT_DIR: '/home/u/pi' },
      { home: '/home/u', project: '/home/u/p', real: (path) => path },
    )
    expect(moved.bases?.path).toBe('pi/models.json')
  })
})
