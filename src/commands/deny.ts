import { fail } from '../errors.ts'
import { policyFilesOf } from '../session/situation.ts'
import { placeText } from '../ui/grants.ts'
import { jsonOption, type Call, type Command } from './types.ts'
import { jsonText } from '../ui/escape.ts'

export const deny: Command = {
  name: 'deny',
  usage: '',
  summary: 'Take back every approval here, and refuse what is asked for',
  options: { json: jsonOption },
  examples: ['agentbox deny', 'agentbox deny --json'],
  run: denyGrants,
}

function denyGrants({ env, values, out, talk }: Call): number {
  // Not the policy itself: what cannot be read or believed can be denied all the same.
  const { files, trust, project } = policyFilesOf(env)
  if (files.length === 0) return fail({ code: 'no-policy', path: project })
  for (const path of files) trust.deny(path)
  if (values['json'] === true) out(`${jsonText({ version: 1, project, denied: files }, 2)}\n`)
  const names = files.map((file) => placeText({ file }, project))
  talk(`agentbox  denied: ${names.join(', ')}; what it asks for is refused without a question\n`)
  talk('          what it restricts still holds. Review it again: agentbox allow\n')
  return 0
}
