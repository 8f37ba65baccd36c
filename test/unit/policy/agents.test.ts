import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { claude } from '../../../src/policy/agents/claude.ts'
import { agents, profileOf } from '../../../src/policy/agents/index.ts'
import { lead } from '../../../src/policy/agents/lead.ts'
import { pi } from '../../../src/policy/agents/pi.ts'
import { relocate } from '../../../src/policy/agents/relocate.ts'
import { policyWith } from './policies.ts'

describe('agents', () => {
  it('lists every profile of the folder', () => {
    const files = readdirSync(new URL('../../../src/policy/agents/', import.meta.url))
      .map((file) => file.replace('.ts', ''))
      .filter((name) => !['index', 'types', 'generic', 'relocate', 'recognise', 'lead'].includes(name))
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
  const moved = (value: string | undefined): unknown =>
    relocate(claude, { CLAUDE_CONFIG_DIR: value }, '/home/u')

  it('follows the variable within the home', () => {
    expect(moved('/home/u/.config/cl/')).toMatchObject({
      synced: ['.config/cl/.credentials.json'],
      seeds: [{ path: '.config/cl/.claude.json' }],
      configDir: { default: '.config/cl' },
    })
  })

  it.each(['/data/claude', '/home/u', '/home/u/../v', 'relative', '/'])('does not pass %s', (value) => {
    const profile = relocate(claude, { CLAUDE_CONFIG_DIR: value }, '/home/u')
    expect(profile.env).not.toContain('CLAUDE_CONFIG_DIR')
    expect(profile.readonly).toEqual(claude.readonly)
  })

  it.each([undefined, ''])('is nothing for %j', (value) => expect(moved(value)).toBe(claude))
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

  it('leaves a file that it cannot read, and everything where no key is added', () => {
    expect(given('{ // mine')).toBe(pi)
    expect(given(undefined, 'none')).toBe(pi)
    expect(lead(claude, policyWith({}), '/home/u', () => undefined)).toBe(claude)
  })

  it('follows a directory that was moved', () => {
    const moved = relocate(pi, { PI_CODING_AGENT_DIR: '/home/u/pi' }, '/home/u')
    expect(moved.bases?.path).toBe('pi/models.json')
  })
})
