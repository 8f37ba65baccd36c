import type { Grant, PolicyIssue } from '../../errors.ts'
import { shellWord, shown } from '../escape.ts'
import { placed, type Words } from './words.ts'

/** About policies and the project that they are for. */
export const policyWords: Words<
  'policy-invalid' | 'policy-ambiguous' | 'grants-unapproved' | 'network-mode-unavailable' | 'project-refused'
> = {
  'policy-invalid': ({ issues }) => [
    ...issues.map(issueLine),
    'nothing was started. Keys: agentbox schema, docs/policy.md',
  ],
  'policy-ambiguous': ({ files }) => [
    `two policy files in one directory: ${files.map((file) => shown(file)).join(', ')}`,
    'keep one of them',
  ],
  'grants-unapproved': ({ grants, command }) => unapproved(grants, command),
  'network-mode-unavailable': ({ mode, place }) => [
    `${placed(place)}network.mode: ${mode} is not available in this version; nothing was started`,
    'use: none (no network) or host (the network of this machine)',
  ],
  'project-refused': ({ path, reason, hint }) => [`no box for ${shown(path)}: ${shown(reason)}`, hint],
}

function issueLine({ key, problem, hint, ...place }: PolicyIssue): string {
  const subject = key === undefined || problem.includes(`"${key}"`) ? '' : `${shown(key)}: `
  return `${placed(place)}${subject}${shown(problem)}${hint === undefined ? '' : ` – ${shown(hint)}`}`
}

const GRANT_WORDS: Record<Grant['kind'], string> = {
  read: 'read',
  write: 'write',
  unmask: 'show secret',
  env: 'env',
  network: 'network',
  ssh: 'ssh agent',
  home: 'home',
  protect: 'protection',
  names: 'names in secrets',
  live: 'going on unwatched',
}

function unapproved(grants: readonly Grant[], command: readonly string[]): string[] {
  const lines = grants.map(
    ({ kind, value, file, line }) =>
      `  ${GRANT_WORDS[kind].padEnd(9)} ${shown(value)}   ${shown(file)}${line === undefined ? '' : `:${line}`}`,
  )
  const count = grants.length === 1 ? '1 grant that you have' : `${grants.length} grants that you have`
  return [
    `the repository's policy asks for ${count} not approved; nothing was started`,
    ...lines,
    `run without: agentbox run --without-grants -- ${command.map(shellWord).join(' ')}`,
  ]
}
