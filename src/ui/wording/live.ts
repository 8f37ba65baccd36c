import { shown } from '../escape.ts'
import type { Words } from './words.ts'

/** About secrets while boxes run. */
export const liveWords: Words<'secret-refused'> = {
  'secret-refused': ({ path, reason, hint }) => [`${shown(path)}: ${shown(reason)}`, shown(hint)],
}
