import type { PolicyIssue } from '../../errors.ts'
import { shown } from '../escape.ts'
import { placed, type Words } from './words.ts'

/** About policies and the project that they are for. */
export const policyWords: Words<
  'policy-invalid' | 'option-invalid' | 'policy-ambiguous' | 'project-refused' | 'learning-declined'
> = {
  'policy-invalid': ({ issues }) => [
    ...issues.map(issueLine),
    'no box until that is mended. Keys: agentbox schema, docs/policy.md',
  ],
  'option-invalid': ({ issues }) => [
    // The option is the place, and says more than the key that it stands for.
    ...issues.map((issue) => issueLine({ ...issue, key: undefined })),
    'nothing was started. What each option takes: --help, docs/policy.md',
  ],
  'policy-ambiguous': ({ files }) => [
    `two policy files in one directory: ${files.map((file) => shown(file)).join(', ')}`,
    'keep one of them',
  ],
  'learning-declined': () => ['--learn-permit was not confirmed; nothing was started'],
  'project-refused': ({ path, reason, hint }) => [`no box for ${shown(path)}: ${shown(reason)}`, hint],
}

function issueLine({ key, problem, hint, ...place }: PolicyIssue): string {
  const subject = key === undefined || problem.includes(`"${key}"`) ? '' : `${shown(key)}: `
  return `${placed(place)}${subject}${shown(problem)}${hint === undefined ? '' : ` – ${shown(hint)}`}`
}
