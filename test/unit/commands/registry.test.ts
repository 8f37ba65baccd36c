import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { masks } from '../../../src/commands/masks.ts'
import { plan } from '../../../src/commands/plan.ts'
import { run } from '../../../src/commands/run.ts'
import { scan } from '../../../src/commands/scan.ts'
import { schema } from '../../../src/commands/schema.ts'
import { shims } from '../../../src/commands/shims.ts'

const commands = [run, masks, scan, plan, schema, shims]

describe('commands', () => {
  it('are a file each, and all in the table of cli.ts', () => {
    const shared = ['types', 'policy-options']
    const files = readdirSync('src/commands').map((file) => file.replace(/\.ts$/, ''))
    const names = commands.map(({ name }) => name)
    expect(files.filter((file) => !shared.includes(file)).toSorted()).toEqual(names.toSorted())
    const table = /start\(\[(.*)\]\)/.exec(readFileSync('src/cli.ts', 'utf8'))?.[1]?.split(', ')
    expect(table).toEqual(names)
  })

  it.each(commands)(
    '$name says what it does, and shows an example of itself',
    ({ name, summary, examples }) => {
      expect(summary).toMatch(/^[A-Z].*[^.]$/)
      expect(examples.some((example) => example.startsWith(`agentbox ${name}`))).toBe(true)
    },
  )
})
