import { fail } from '../errors.ts'
import { endStatus } from '../session/launcher.ts'
import { surveySituation, type Prepared } from '../session/prepare.ts'
import { runBoxed } from '../session/run.ts'
import { shown } from '../ui/escape.ts'
import type { Call, Command } from './types.ts'

export const run: Command = {
  name: 'run',
  usage: '[--] COMMAND [ARGUMENT…]',
  summary: 'Run a command in the box of this directory',
  takesCommand: true,
  options: {
    network: {
      type: 'string',
      value: 'MODE',
      choices: ['none'],
      about: 'no network, whatever the policy says',
    },
    ephemeral: { type: 'boolean', about: 'a home for this run only, removed at its end' },
    'without-grants': { type: 'boolean', about: 'run without what the policy asks for and nobody approved' },
    as: { type: 'string', value: 'NAME', about: 'the name that the command goes by (the shims use this)' },
    quiet: { type: 'boolean', about: 'no line at the start' },
  },
  examples: [
    'agentbox run -- claude',
    'agentbox run --network none -- npm test',
    'agentbox run -- sh -c "cat .env"',
  ],
  run: runCommand,
}

async function runCommand(call: Call): Promise<number> {
  const { values, positionals, env } = call
  const [command, ...args] = positionals
  if (command === undefined) return fail({ code: 'usage', text: 'run needs a command', command: 'run' })
  const situation = surveySituation(env, {
    network: values['network'] === 'none' ? 'none' : undefined,
    ephemeral: values['ephemeral'] === true,
    withoutGrants: values['without-grants'] === true,
    command: positionals,
  })
  const quiet = values['quiet'] === true || situation.policy.quiet.value || !process.stderr.isTTY
  const as = typeof values['as'] === 'string' ? values['as'] : undefined
  const request = { argv: [command, ...args] as [string, ...string[]], as }
  const end = await runBoxed(situation, request, `${call.installDir}/agentbox-helper`, (prepared) => {
    for (const warning of prepared.plan.warnings) call.talk(`agentbox  ${shown(warning)}\n`)
    if (!quiet) call.talk(startLine(prepared))
  })
  return endStatus(end)
}

function startLine({ survey, plan }: Prepared): string {
  const count = survey.masks.length
  const masked = count === 1 ? '1 file masked' : `${count} files masked`
  const network = plan.network === 'none' ? 'no network' : "this machine's network"
  return `agentbox  boxed · ${masked} · ${network}\n`
}
