import { fail } from '../errors.ts'
import { shellNamed, shells } from '../shells/index.ts'
import { spoken } from '../shells/words.ts'
import type { Call, Command } from './types.ts'

export const completion: Command = {
  name: 'completion',
  usage: 'bash | zsh | fish',
  summary: 'Print the completion of agentbox for a shell',
  options: {},
  examples: [
    'agentbox completion bash > ~/.local/share/bash-completion/completions/agentbox',
    'agentbox completion fish > ~/.config/fish/completions/agentbox.fish',
    'source <(agentbox completion zsh)',
  ],
  run({ positionals, commands, out }: Call): number {
    const names = shells.map(({ name }) => name).join(', ')
    const [name = '', ...more] = positionals
    const shell = more.length === 0 ? shellNamed(name) : undefined
    if (shell === undefined)
      return fail({ code: 'usage', text: `completion needs one of: ${names}`, command: 'completion' })
    out(shell.completion(spoken(commands)))
    return 0
  },
}
