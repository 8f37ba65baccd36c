import { describe, expect, it } from 'vitest'
import { commands } from '../../../src/commands/index.ts'
import type { AgentboxError } from '../../../src/errors.ts'
import { parseCall } from '../../../src/ui/options.ts'

const named = (name: string) => commands.find((command) => command.name === name)!

function refusal(name: string, args: string[]): unknown {
  try {
    return parseCall(named(name), args)
  } catch (error) {
    return (error as AgentboxError).problem
  }
}

describe('the arguments of a command', () => {
  it.each(commands.filter(({ usage }) => usage === ''))('$name takes none, and says so', ({ name }) => {
    expect(refusal(name, ['x'])).toEqual({
      code: 'usage',
      text: `${name} takes no argument`,
      command: name,
    })
    expect(refusal(name, ['x', '--help'])).toMatchObject({ values: { help: true } })
  })

  it.each([
    ['run', ['--hide', '--', 'true'], "run: Option '--hide' argument missing"],
    ['verify', ['--junit'], "verify: Option '--junit <value>' argument missing"],
    ['status', ['--nonsense'], "status: Unknown option '--nonsense'"],
    ['run', ['--show', 'all', '--', 'true'], '--show is one of: empty, keys, deny'],
    ['secret', ['edit', ''], 'secret: an argument is empty'],
  ])('%s %j: one line', (name, args, text) => {
    expect(refusal(name, args)).toMatchObject({ code: 'usage', text })
  })

  it.each(
    commands.flatMap(({ name, options }) =>
      Object.entries(options).flatMap(([option, { type }]) => (type === 'string' ? [[name, option]] : [])),
    ),
  )('%s --%s takes no empty value', (name, option) => {
    for (const args of [[`--${option}=`], [`--${option}`, ''], [`--${option}=x`, `--${option}=`]]) {
      expect(refusal(name, args)).toMatchObject({ code: 'usage', command: name })
    }
  })

  it("leaves a command's own empty arguments alone", () => {
    expect(refusal('run', ['printf', ''])).toMatchObject({ positionals: ['printf', ''] })
  })
})
