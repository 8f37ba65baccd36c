import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exitStatusOf } from '../../../src/errors.ts'
import { render } from '../../../src/ui/messages.ts'
import { problems } from './problems.ts'

const entries = Object.entries(problems)

// To renew it: npx vitest run --project unit test/unit/ui/errors.test.ts -u
it('docs/errors.md has every code, with its message, status and remedy', async () => {
  const page = readFileSync('docs/errors.md', 'utf8')
  const text = entries
    .map(
      ([code, { means, todo, example }]) =>
        `### ${code}\n\n${means} **Status ${exitStatusOf(example)}.** ${todo}\n\n\`\`\`\n${render(example)}\`\`\`\n`,
    )
    .join('\n')
  const [before, after] = page.split(/<!-- errors -->[^]*<!-- \/errors -->/)
  await expect(`${before}<!-- errors -->\n\n${text}\n<!-- /errors -->${after}`).toMatchFileSnapshot(
    '../../../docs/errors.md',
  )
})

const source = readFileSync('src/errors.ts', 'utf8')

describe('the catalogue', () => {
  it('has the codes of src/errors.ts', () => {
    const codes = [...source.matchAll(/^ {2}\| \{ code: '([a-z-]+)'/gm)].map(([, code]) => code)
    expect(codes.length).toBeGreaterThan(25)
    expect(new Set(entries.map(([code]) => code))).toEqual(new Set(codes))
  })

  it.each(entries)(
    '%s: the example is of it, and the words are sentences',
    (code, { means, todo, example }) => {
      expect(example.code).toBe(code)
      for (const text of [means, todo]) expect(text).toMatch(/^[A-Z`].*\.$/)
    },
  )

  // What is in a problem comes from anywhere.
  it.each(entries)('%s: nothing of its data reaches a terminal as it is', (_code, { example }) => {
    const hostile = (value: unknown): unknown => {
      if (typeof value === 'string') return `${value}\u001b]0;x\u0007\u202e\n\u009b2J`
      if (Array.isArray(value)) return value.map(hostile)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [
          key,
          ['code', 'kind', 'by'].includes(key) ? inner : hostile(inner),
        ]),
      )
    }
    const text = render(hostile(example) as typeof example)
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
  })
})
