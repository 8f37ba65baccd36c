import { shown } from '../escape.ts'
import type { Words } from './words.ts'

/** About git's hooks. */
export const gitWords: Words<'hooks-unavailable'> = {
  'hooks-unavailable': ({ reason }) => [
    `no hooks: ${shown(reason)}`,
    'go to a directory of the work tree; a bare repository has nothing to keep in step',
  ],
}
