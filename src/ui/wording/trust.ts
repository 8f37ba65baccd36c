import type { Grant, Problem } from '../../errors.ts'
import { shellWord, shown } from '../escape.ts'
import { grantRows, placeText } from '../grants.ts'
import { table } from '../table.ts'
import type { Words } from './words.ts'

/** About what repositories ask for and what the user said to it. */
export const trustWords: Words<
  'grants-unapproved' | 'trust-unusable' | 'approval-needs-terminal' | 'no-policy'
> = {
  'grants-unapproved': unapproved,
  'approval-needs-terminal': () => [
    'agentbox allow asks on a terminal, and this is none; nothing was approved',
    'see what is asked for: agentbox allow --show    approve it in a script: agentbox allow --yes',
  ],
  'no-policy': ({ path }) => [`there is no policy file in ${shown(path)} or above it`],
  'trust-unusable': ({ path, reason }) => [
    `cannot believe its record of approvals ${shown(path)}: ${shown(reason)}`,
    'nothing was started. If it was not you, find out who; then remove it and run: agentbox allow',
  ],
}

type Unapproved = Extract<Problem, { code: 'grants-unapproved' }>

function unapproved({ grants, without, denied }: Unapproved): string[] {
  const not = denied === undefined ? 'have not approved' : `denied on ${denied.slice(0, 10)}`
  return [
    ...asking(grants, not),
    'review: agentbox allow --show    approve: agentbox allow',
    `without them: agentbox ${without.map(shellWord).join(' ')}`,
    'to give such grants to every repository: trust.grants in your config.yaml (docs/policy.md)',
  ]
}

function asking(grants: readonly Grant[], not: string): string[] {
  const [only] = grants
  if (only !== undefined && grants.length === 1) {
    const [kind, value] = grantRows(grants, '')[0]!
    return [`the repository asks for 1 grant that you ${not}: ${kind} ${value} (${placeText(only, '')})`]
  }
  const rows = table(grantRows(grants, '')).trimEnd().split('\n')
  return [
    `the repository asks for ${grants.length} grants that you ${not}; nothing was started`,
    ...rows.map((row) => `  ${row}`),
  ]
}
