import { shown } from '../escape.ts'
import { placed, type Words } from './words.ts'

/** About shells, and starting agents without a box. */
export const shellWords: Words<'bypass-refused' | 'not-activated'> = {
  'bypass-refused': ({ command, place }) => [
    `${placed(place)}bypass: never – ${shown(command[0] ?? 'nothing')} was not started without a box`,
    'in its box: unset AGENTBOX_BYPASS',
  ],
  'not-activated': () => [
    'this shell is not activated, so there is nothing to take out of it',
    'for shells that start from now on: agentbox activate --remove',
  ],
}

/** Loud: nobody should come to this by accident. */
export function bypassWarning(command: readonly string[], wanted: string): string {
  return (
    `agentbox: WARNING: ${shown(command[0] ?? '')} runs WITHOUT its box, although ${shown(wanted)} wants one\n` +
    '          it can read every secret that you can, and what it writes may run later\n'
  )
}

export function unboxedCommit(agent: string): string {
  return (
    `agentbox: ${shown(agent)} runs outside its box, and this repository takes no commits from there (enforce: true)\n` +
    `          start it through its shim (agentbox doctor), or commit from a shell of yours\n`
  )
}
