import * as v from 'valibot'
import { readEntry } from '../network/rules/entry.ts'
import { key, text } from './schema-kit.ts'
import { both, checkText, type Check } from './text.ts'

/** One exact host: a pattern or a preset would send the credential to more than one place. */
const checkOneHost: Check = both(checkText, (value) => {
  const entry = readEntry(value)
  if (entry.kind === 'wrong') return entry.problem
  if (entry.kind === 'preset' || (entry.kind === 'name' && entry.below)) return 'must be one host by its name'
  return undefined
})

const checkHeader: Check = (value) =>
  /^[A-Za-z0-9-]{1,64}$/.test(value) ? undefined : 'is not the name of a header'

/** Where the credential is: a variable, a file, or what a command prints. */
const checkSource: Check = both(checkText, (value) => {
  if (/^env:[A-Za-z_][A-Za-z0-9_]*$/.test(value)) return undefined
  if (/^file:(?:~\/|\/)./.test(value) || /^command:./.test(value)) return undefined
  return 'is none of env:NAME, file:PATH (from / or ~/), command:COMMAND'
})

/** See docs/network.md. */
export const credentials = key(
  v.array(v.strictObject({ host: text(checkOneHost), header: text(checkHeader), from: text(checkSource) })),
  'Credentials that agentbox adds to requests on their way out, so that the box never has them.',
  {
    kind: 'user-only',
    takes: '{host, header, from}',
    merge: 'all layers together',
    default: 'none',
  },
)
