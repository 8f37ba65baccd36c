import { realpathOf } from '../host/files.ts'
import { readHostFacts } from '../host/facts.ts'
import { nameOf } from '../host/paths.ts'
import { policyOptions, withoutGrants } from './policy-options.ts'
import { runCommand } from './run.ts'
import type { Call, Command } from './types.ts'

export const shell: Command = {
  name: 'shell',
  usage: '',
  summary: 'Start your shell in the box of this directory, to look around',
  options: policyOptions,
  examples: ['agentbox shell', 'agentbox shell --network none'],
  run: runShell,
}

function runShell(call: Call): Promise<number> {
  const wanted = call.env['SHELL'] ?? readHostFacts(call.env).shell
  const program = realpathOf(wanted) === undefined ? '/bin/sh' : wanted
  return runCommand({ ...call, positionals: marked(program) }, withoutGrants('shell', call.values))
}

/** The command that starts an interactive shell whose prompt says where it is. Exported for its test. */
export function marked(program: string): [string, ...string[]] {
  switch (nameOf(program)) {
    case 'fish':
      return [
        program,
        '-i',
        '-C',
        'functions --copy fish_prompt _box_prompt; function fish_prompt; echo -n "[box] "; _box_prompt; end',
      ]
    case 'zsh':
      return ['env', 'PS1=[box] %~ %# ', program, '-i']
    case 'bash':
      return ['env', 'PS1=[box] \\w \\$ ', program, '-i']
    default:
      return ['env', 'PS1=[box] $ ', program, '-i']
  }
}
