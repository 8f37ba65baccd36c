import { fail } from '../errors.ts'
import { consent } from '../session/consent.ts'
import { endStatus } from '../session/launcher.ts'
import type { Prepared } from '../session/prepare.ts'
import { surveySituation, type Situation } from '../session/situation.ts'
import { runBoxed } from '../session/run.ts'
import { runBare } from '../session/bare.ts'
import { permitBypass, wantsBypass } from '../session/bypass.ts'
import { shown } from '../ui/escape.ts'
import { bypassWarning } from '../ui/wording/shells.ts'
import { closingSummary } from '../ui/summary.ts'
import { policyFlags, policyOptions, withoutGrants } from './policy-options.ts'
import type { Call, Command } from './types.ts'

export const run: Command = {
  name: 'run',
  usage: '[--] COMMAND [ARGUMENT…]',
  summary: 'Run a command in the box of this directory',
  takesCommand: true,
  options: {
    ...policyOptions,
    as: { type: 'string', value: 'NAME', about: 'the name that the command goes by (for the shims)' },
    learn: { type: 'boolean', about: 'propose at the end what would let through what was refused' },
    'learn-permit': {
      type: 'boolean',
      about: 'the same (also --learn=permit), and let it through this once',
    },
    quiet: { type: 'boolean', about: 'no line at the start' },
  },
  examples: [
    'agentbox run -- claude',
    'agentbox run --network none -- npm test',
    'agentbox run -- sh -c "cat .env"',
  ],
  run: (call) => runCommand(call, withoutGrants('run', call.values, named(call))),
}

/** As the user called it, with the name that the shims hide. */
function named({ values, positionals: [command = '', ...args] }: Call): string[] {
  return [typeof values['as'] === 'string' ? values['as'] : command, ...args]
}

/** `without`: agentbox's arguments for the same without grants. */
export async function runCommand(call: Call, without: readonly string[]): Promise<number> {
  const { values, positionals, env } = call
  const [command, ...args] = positionals
  if (command === undefined) return fail({ code: 'usage', text: 'run needs a command', command: 'run' })
  if (wantsBypass(env)) return await bypass([command, ...args], call)
  const surveyed = await surveySituation(env, policyFlags(values))
  const quiet = values['quiet'] === true || surveyed.policy.quiet.value || !process.stderr.isTTY
  const as = typeof values['as'] === 'string' ? values['as'] : undefined
  const asked = {
    argv: [command, ...args] as [string, ...string[]],
    as,
    withoutGrants: values['without-grants'] === true,
    without,
  }
  const { situation, ...decided } = await consent(surveyed, asked)
  const request = { ...asked, ...decided }
  const permissive = values['learn-permit'] === true && (await permitted())
  let unlisted: ReadonlySet<string> | undefined
  const warn = (text: string): void => call.talk(`agentbox  ${shown(text)}\n`)
  const end = await runBoxed(
    situation,
    request,
    `${call.installDir}/agentbox-helper`,
    {
      warn,
      begin(prepared) {
        prepared.plan.warnings.forEach(warn)
        if (!quiet) call.talk(startLine(prepared))
      },
      end(tally) {
        unlisted = tally.unlisted
        for (const line of closingSummary(tally, situation.project.root)) call.talk(`agentbox  ${line}\n`)
      },
    },
    { program: `${call.installDir}/network.cjs`, permissive },
  )
  const learns = values['learn'] === true || values['learn-permit'] === true
  if (learns && unlisted !== undefined) call.talk(await learnt(situation, unlisted))
  return endStatus(end)
}

/** 125 if the answer is no: the session that was meant is not the ordinary one. */
async function permitted(): Promise<boolean> {
  const { permitUnlisted } = await import('../session/learn.ts')
  return (await permitUnlisted()) || fail({ code: 'learning-declined' })
}

async function learnt(situation: Situation, unlisted: ReadonlySet<string>): Promise<string> {
  const { proposal } = await import('../session/learn.ts')
  return (await proposal(situation, unlisted)).map((line) => `agentbox  ${line}\n`).join('')
}

async function bypass(argv: [string, ...string[]], { env, talk }: Call): Promise<number> {
  const wanted = await permitBypass(env, argv, true)
  if (wanted !== undefined) talk(bypassWarning(argv, wanted))
  return await runBare(argv, env)
}

function networkText({ plan, profile, situation }: Prepared): string {
  switch (plan.network) {
    case 'none':
      return 'no network'
    case 'host':
      return "this machine's network"
    case 'allow': {
      const others = situation.policy.network.allow.length - 1
      const own = profile.hosts[0]
      if (own === undefined) return others === 0 ? 'network: nothing listed' : `network: ${others} listed`
      return `network: ${own}${others === 0 ? '' : ` + ${others} listed`}`
    }
  }
}

function startLine(prepared: Prepared): string {
  const { survey } = prepared
  const count = survey.masks.length
  const masked = count === 1 ? '1 file masked' : `${count} files masked`
  const network = networkText(prepared)
  return `agentbox  boxed · ${masked} · ${network}\n`
}
