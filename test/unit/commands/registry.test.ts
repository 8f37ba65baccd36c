import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../src/commands/index.ts'

describe('commands', () => {
  it('are a file each, and all in the table', () => {
    const shared = ['index', 'types', 'policy-options']
    const files = readdirSync('src/commands').map((file) => file.replace(/\.ts$/, ''))
    const names = commands.map(({ name }) => name)
    expect(files.filter((file) => !shared.includes(file)).toSorted()).toEqual(names.toSorted())
  })

  it.each(commands)(
    '$name says what it does, and shows an example of itself',
    ({ name, summary, examples }) => {
      expect(summary).toMatch(/^[A-Z].*[^.]$/)
      expect(examples.some((example) => example.startsWith(`agentbox ${name}`))).toBe(true)
    },
  )
})
