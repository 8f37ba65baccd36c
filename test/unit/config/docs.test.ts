import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { keysMarkdown } from '../../../src/config/docs.ts'
import { jsonSchema } from '../../../src/config/json-schema.ts'
import { keysOf } from '../../../src/config/keys.ts'
import { presetsMarkdown } from '../../../src/network/docs.ts'
import { parsePolicy } from '../../../src/config/parse.ts'

const EXAMPLE = '.agentboxrc.example'

// To renew the generated files: npx vitest run --project unit test/unit/config/docs.test.ts -u
describe('what is generated from the schema', () => {
  it.each([
    ['repo', 'agentboxrc'],
    ['user', 'config'],
  ] as const)('the JSON Schema of %s is in step', async (kind, name) => {
    const text = `${JSON.stringify(jsonSchema(kind), null, 2)}\n`
    await expect(text).toMatchFileSnapshot(`../../../schema/${name}.schema.json`)
  })

  it('the table in docs/policy.md is in step', async () => {
    const page = readFileSync('docs/policy.md', 'utf8')
    const [before, after] = page.split(/<!-- keys -->[^]*<!-- \/keys -->/)
    await expect(`${before}<!-- keys -->\n${keysMarkdown()}<!-- /keys -->${after}`).toMatchFileSnapshot(
      '../../../docs/policy.md',
    )
  })
})

it('the table in docs/network.md is in step', async () => {
  const page = readFileSync('docs/network.md', 'utf8')
  const [before, after] = page.split(/<!-- presets -->[^]*<!-- \/presets -->/)
  const table = presetsMarkdown()
  await expect(`${before}<!-- presets -->\n${table}<!-- /presets -->${after}`).toMatchFileSnapshot(
    '../../../docs/network.md',
  )
})

describe('the JSON Schema', () => {
  interface Schema {
    type?: string
    properties?: Record<string, Schema>
    additionalProperties?: unknown
    description?: string
  }
  const walk = (schema: Schema, path = ''): [string, Schema][] => [
    [path, schema],
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
      walk(inner, path === '' ? name : `${path}.${name}`),
    ),
  ]

  it.each(['repo', 'user'] as const)('of %s has every key, describes it and allows no other', (kind) => {
    const found = walk(jsonSchema(kind))
    expect(found.slice(1).map(([path]) => path)).toEqual(keysOf(kind).map(({ key }) => key))
    for (const [path, schema] of found) {
      expect([path, schema.description ?? '']).toEqual([path, expect.stringMatching(/\w/)])
      if (schema.properties) expect([path, schema.additionalProperties]).toEqual([path, false])
    }
    expect(JSON.stringify(found)).not.toContain('"merge"')
  })
})

describe(EXAMPLE, () => {
  const bytes = readFileSync(EXAMPLE)

  it('is valid', async () => {
    expect(await parsePolicy({ layer: 'repo', file: EXAMPLE, dir: '/p', bytes })).toMatchObject({
      layer: { file: EXAMPLE },
    })
  })

  it('shows every key', () => {
    const text = bytes.toString()
    for (const { key } of keysOf('repo'))
      expect(text).toMatch(new RegExp(`^[ #]*${key.split('.').at(-1)}:`, 'm'))
  })
})

it('every key says all about itself', () => {
  for (const key of keysOf('user')) {
    expect(key.about).toMatch(/\.$/)
    if (key.kind !== undefined) expect([key.takes, key.default].every((text) => text.length > 0)).toBe(true)
  }
})
