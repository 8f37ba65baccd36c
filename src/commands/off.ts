import { fail } from '../errors.ts'
import { runBare } from '../session/bare.ts'
import { permitBypass } from '../session/bypass.ts'
import { bypassWarning } from '../ui/wording/shells.ts'
import type { Call, Command } from './types.ts'

export const off: Command = {
  name: 'off',
  usage: '[--] COMMAND [ARGUMENT…]',
  summary: 'Run a command without the box, loudly, unless bypass: never',
  takesCommand: true,
  options: {
    check: { type: 'boolean', about: 'only say whether it may, for the shims' },
  },
  examples: ['agentbox off -- claude', 'AGENTBOX_BYPASS=1 claude'],
  run: runOff,
}

async function runOff({ values, positionals, env, talk }: Call): Promise<number> {
  const [command, ...args] = positionals
  if (command === undefined) return fail({ code: 'usage', text: 'off needs a command', command: 'off' })
  const wanted = await permitBypass(env, positionals)
  if (wanted !== undefined) talk(bypassWarning(positionals, wanted))
  if (values['check'] === true) return 0
  // Also for the shims that it comes to.
  return await runBare([command, ...args], { ...env, AGENTBOX_BYPASS: '1' })
}
