import { manPage } from '../ui/man.ts'
import { version } from '../version.ts'
import type { Call, Command } from './types.ts'

/** The build writes it into the package. */
export const man: Command = {
  name: 'man',
  usage: '',
  summary: 'Print the manual page',
  options: {},
  hidden: true,
  examples: ['agentbox man | man -l -'],
  run({ commands, out }: Call): number {
    out(manPage(commands, version))
    return 0
  },
}
