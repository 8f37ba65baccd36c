import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePolicy, type ParsedLayer } from '../../../src/config/parse.ts'
import { ecosystems } from '../../../src/init/ecosystems.ts'
import { renderPolicy } from '../../../src/init/render.ts'
import { usualChoices, type Choices, type Findings } from '../../../src/init/types.ts'
import { isPreset } from '../../../src/network/rules/presets.ts'

const nothing: Findings = {
  agents: [],
  presets: [],
  hosts: [],
  frameworks: [],
  secrets: [],
  inGit: [],
  unmasked: [],
  example: undefined,
  delicate: [],
  repository: false,
}

const much: Findings = {
  agents: ['claude', 'codex'],
  presets: [
    { value: 'npm', from: 'package.json' },
    { value: 'crates', from: 'core/Cargo.toml' },
  ],
  hosts: [{ value: 'npm.acme.dev:8443', from: '.npmrc' }],
  frameworks: [{ name: 'Vite', port: 5173, from: 'vite.config.ts' }],
  secrets: ['.env', 'apps/api/.env.local'],
  inGit: [{ path: '.env', places: ['tracked', 'stash'], commits: ['0123456789'] }],
  unmasked: [{ path: 'src/[id].ts', line: 3, what: 'AWS credential' }],
  example: '.env.example',
  delicate: ['.github', 'infra'],
  repository: true,
}

async function layerOf(text: string): Promise<ParsedLayer> {
  const bytes = Buffer.from(text, 'utf8')
  const parsed = await parsePolicy({ layer: 'repo', file: '/p/.agentboxrc', dir: '/p', bytes })
  if ('issues' in parsed) throw new Error(`${JSON.stringify(parsed.issues)}\n${text}`)
  return parsed.layer
}

const choices: [string, Choices][] = [
  ['the usual ones', usualChoices(much)],
  ['nothing', { mode: 'none', allow: [], patterns: [], substitute: undefined, readonly: [] }],
  ['a host', { mode: 'allow', allow: [...much.hosts], patterns: [], substitute: undefined, readonly: [] }],
  [
    'all',
    {
      mode: 'allow',
      allow: [...usualChoices(much).allow, ...much.hosts],
      patterns: ['src/[id].ts'],
      substitute: '.env.example',
      readonly: ['infra'],
    },
  ],
]

describe.each([
  ['nothing', nothing],
  ['much', much],
])('a policy from %s', (_, findings) => {
  it.each(choices)('with %s is valid', async (_, chosen) => {
    const text = renderPolicy(findings, chosen)
    await layerOf(text)
    expect(text.split('\n').filter((line) => line.length > 105)).toEqual([])
  })

  it.each(choices)('with %s is valid with every commented line turned on', async (_, chosen) => {
    const text = renderPolicy(findings, chosen)
    const on = text
      .replaceAll(/^# ((?:agents|filesystem|masks|env):)/gm, '$1')
      .replaceAll(/^(?:#| {2}#)( +)((?:- )?[a-z"]\S*.*#.*)$/gm, (line) =>
        line.startsWith('#') ? line.replace('#', ' ').replace(/^ {4}/, '  ') : line.replace('  # ', '  '),
      )
    expect(on.match(/^ *#/gm)!.length).toBeLessThan(text.match(/^ *#/gm)!.length)
    await layerOf(on)
  })
})

it('takes the usual registries and only offers what the text of the project names', () => {
  const text = renderPolicy(much, usualChoices(much))
  expect(text).toMatch(/^ {4}- "@npm" .*# package\.json$/m)
  expect(text).toMatch(/^ {2}# {3}- "npm\.acme\.dev:8443" .*# \.npmrc$/m)
})

it('says which secrets are there, which of them git has, and asserts that they are closed', () => {
  const text = renderPolicy(much, usualChoices(much))
  expect(text).toContain('#   .env\n#   apps/api/.env.local\n')
  expect(text).toContain('#   .env   tracked, stash (0123456)\n')
  expect(text).toContain('unreadable: [.env, apps/api/.env.local, ~/.ssh]')
})

it('proposes masks for files by their content, each for the one file', async () => {
  const text = renderPolicy(much, usualChoices(much))
  expect(text).toMatch(/^ {4}- "\/src\/\\\\\[id\\\\\]\.ts" +# line 3: AWS credential$/m)
  const none = renderPolicy(much, { ...usualChoices(much), patterns: [] })
  expect(none).not.toContain('[id')
})

it('is valid whatever the files are called', async () => {
  const name = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 40 })
    .filter((text) => !/[\0/]/.test(text))
  await fc.assert(
    fc.asyncProperty(fc.array(name, { maxLength: 5 }), name, async (names, from) => {
      const findings = {
        ...much,
        secrets: names,
        inGit: names.map((path) => ({ path, places: ['history' as const], commits: ['a'] })),
        unmasked: names.map((path) => ({ path, line: 1, what: 'x' })),
        presets: [{ value: 'npm', from }],
        hosts: [{ value: 'npm.acme.dev', from }],
      }
      const text = renderPolicy(findings, usualChoices(findings))
      const keys = Object.keys((await layerOf(text)).rc).filter((key) => key !== 'masks')
      expect(keys.toSorted()).toEqual(['network', 'verify', 'version'])
    }),
    { numRuns: 200 },
  )
})

it('every ecosystem has a preset that there is', () => {
  for (const { preset } of ecosystems) expect([preset, isPreset(preset)]).toEqual([preset, true])
})
