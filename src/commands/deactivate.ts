import { fail } from '../errors.ts'
import type { Command } from './types.ts'

/** Done by the activated shell itself, for no process can change its parent: who gets here asked another one. */
export const deactivate: Command = {
  name: 'deactivate',
  usage: '',
  summary: 'In an activated shell: take agentbox out of it again',
  options: {},
  examples: ['agentbox deactivate'],
  run: () => fail({ code: 'not-activated' }),
}
