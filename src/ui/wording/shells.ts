import { shown } from '../escape.ts'
import { placed, type Words } from './words.ts'

/** About starting agents without a box. */
export const shellWords: Words<'bypass-refused'> = {
  'bypass-refused': ({ command, place }) => [
    `${placed(place)}bypass: never – ${shown(command[0] ?? 'nothing')} was not started without a box`,
    'in its box: unset AGENTBOX_BYPASS',
  ],
}

/** Loud: nobody should come to this by accident. */
export function bypassWarning(command: readonly string[], wanted: string): string {
  return (
    `agentbox: WARNING: ${shown(command[0] ?? '')} runs WITHOUT its box, although ${shown(wanted)} wants one\n` +
    '          it can read every secret that you can, and what it writes may run later\n'
  )
}
