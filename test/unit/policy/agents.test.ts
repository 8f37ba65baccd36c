import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { claude } from '../../../src/policy/agents/claude.ts'
import { agents, profileOf } from '../../../src/policy/agents/index.ts'
import { relocate } from '../../../src/policy/agents/relocate.ts'

describe('agents', () => {
  it('lists every profile of the folder', () => {
    const files = readdirSync(new URL('../../../src/policy/agents/', import.meta.url))
      .map((file) => file.replace('.ts', ''))
      .filter((name) => !['index', 'types', 'generic', 'relocate', 'recognise'].includes(name))
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
