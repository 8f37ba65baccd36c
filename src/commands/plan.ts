import { locateBwrap } from '../host/bwrap.ts'
import { planDocument, renderArgv, renderScript } from '../bwrap/script.ts'
import { assembledProgram } from '../bwrap/seccomp/assembled.ts'
import { prepare } from '../session/prepare.ts'
import { surveySituation } from '../session/situation.ts'
import { version } from '../version.ts'
import { policyFlags, policyOptions, withoutGrants } from './policy-options.ts'
import type { Call, Command } from './types.ts'
import { jsonText } from '../ui/escape.ts'

export const plan: Command = {
  name: 'plan',
  usage: '[--] [COMMAND [ARGUMENT…]]',
  summary: 'Print the box without starting it: script, bwrap arguments, JSON',
  takesCommand: true,
  options: {
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: ['script', 'argv', 'json'],
      about: 'script (stand-alone bash, the default), argv or json',
    },
    ...policyOptions,
  },
  examples: ['agentbox plan -- claude > box.sh', 'agentbox plan --format json -- sh | jq .ops'],
  run: printPlan,
}

async function printPlan({ env, values, positionals, installDir, out }: Call): Promise<number> {
  const argv = (positionals.length === 0 ? ['/bin/sh'] : positionals) as [string, ...string[]]
  const situation = await surveySituation(env, policyFlags(values))
  const request = {
    argv,
    withoutGrants: values['without-grants'] === true,
    without: withoutGrants('plan', values, positionals),
  }
  const prepared = prepare(situation, request, `${installDir}/agentbox-helper`)
  switch (values['format'] ?? 'script') {
    case 'json':
      out(`${jsonText(planDocument(prepared.plan), 2)}\n`)
      break
    case 'argv':
      out(renderArgv(prepared.plan, locateBwrap()))
      break
    default:
      out(
        renderScript({
          plan: prepared.plan,
          bwrap: locateBwrap(),
          seccomp: assembledProgram(situation.facts.arch),
          placeholders: prepared.placeholders,
          directories: prepared.home === undefined ? [] : [prepared.home.home],
          version,
        }),
      )
  }
  return 0
}
