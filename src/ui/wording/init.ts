import { shown } from '../escape.ts'
import type { Words } from './words.ts'

/** About a first policy. */
export const initWords: Words<'policy-exists'> = {
  'policy-exists': ({ path }) => [
    `${shown(path)} is there already, and init never writes over anything`,
    'what it would write: agentbox init --print    what holds now: agentbox status',
  ],
}
