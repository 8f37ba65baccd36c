import { boxWanted } from '../config/boxed.ts'
import { fail } from '../errors.ts'
import { agentboxDirs } from '../host/dirs.ts'
import { findExecutable } from '../host/executables.ts'
import { readHostFacts } from '../host/facts.ts'
import { nameOf } from '../host/paths.ts'
import { currentDir } from '../session/situation.ts'
import { runBare } from '../session/bare.ts'
import { run } from './run.ts'
import type { Call, Command } from './types.ts'

export const wrap: Command = {
  name: 'wrap',
  usage: '[--] PROGRAM [ARGUMENT…]',
  summary: 'For editors: the program in the box where one is wanted, plain elsewhere',
  takesCommand: true,
  options: {
    as: { type: 'string', value: 'AGENT', about: 'the agent that it is, if its name does not say so' },
  },
  examples: [
    'agentbox wrap gemini --experimental-acp',
    'agentbox wrap --as claude ~/.vscode/extensions/…/native-binary/claude',
  ],
  run: runWrap,
}

/** Nothing of ours is ever written to standard output; that is the program's alone. */
async function runWrap(call: Call): Promise<number> {
  const { env, values, positionals } = call
  const [program, ...args] = positionals
  if (program === undefined) return fail({ code: 'usage', text: 'wrap needs a program', command: 'wrap' })
  const { state } = agentboxDirs(env, readHostFacts(env).home)
  if (boxWanted(currentDir(), state) === undefined) return await runBare([program, ...args], env)
  const { found } = findExecutable(program, env['PATH'] ?? '', currentDir())
  const as = typeof values['as'] === 'string' ? values['as'] : agentOf(program, args)
  return await run.run({ ...call, values: { as, quiet: true }, positionals: [found, ...args] })
}

/** The same as in `shell/shim.sh`: editors bring Claude Code under other names. */
function agentOf(program: string, [first = '']: readonly string[]): string {
  const name = nameOf(program)
  if (program.includes('claude-code')) return 'claude'
  return name === 'node' && first.includes('claude-code') ? 'claude' : name
}
