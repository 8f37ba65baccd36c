import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { agents, profileOf } from '../../../src/policy/agents/index.ts'

describe('agents', () => {
  it('lists every profile of the folder', () => {
    const files = readdirSync(new URL('../../../src/policy/agents/', import.meta.url))
      .map((file) => file.replace('.ts', ''))
      .filter((name) => !['index', 'types', 'generic'].includes(name))
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
