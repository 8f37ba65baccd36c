import { fail } from '../errors.ts'
import { approve, askFor, onTerminal, requestOf, withAll } from '../session/consent.ts'
import { surveySituation, type Situation } from '../session/situation.ts'
import { trustStates } from '../session/trust-state.ts'
import { boxText } from '../ui/box.ts'
import { jsonText, shown } from '../ui/escape.ts'
import { counted, grantRows, indented, requestText, type Request } from '../ui/grants.ts'
import { table } from '../ui/table.ts'
import { jsonOption, type Call, type Command } from './types.ts'

export const allow: Command = {
  name: 'allow',
  usage: '',
  summary: "Review and approve what this repository's policy asks for",
  options: {
    show: { type: 'boolean', about: 'show it, and approve nothing' },
    yes: { type: 'boolean', short: 'y', about: 'approve without asking, for scripts' },
    json: jsonOption,
  },
  examples: ['agentbox allow', 'agentbox allow --show', 'agentbox allow --yes --json'],
  run: allowGrants,
}

/** 1: looked at, and not approved. */
const DECLINED = 1

async function allowGrants({ env, values, out, talk }: Call): Promise<number> {
  const situation = await surveySituation(env)
  // What no approval could make valid is said before anything is asked.
  const wide = withAll(situation)
  const request = requestOf(situation)
  if (values['show'] === true) {
    out(values['json'] === true ? documentText(situation) : showText(situation, wide, request))
    return 0
  }
  if (request.pending.length > 0) {
    if (values['yes'] !== true && !onTerminal()) return fail({ code: 'approval-needs-terminal' })
    if (values['yes'] === true) talk(requestText(request))
    else if ((await askFor(situation, false)) !== 'yes') {
      talk('agentbox  nothing was approved\n')
      return DECLINED
    }
  }
  const after = approve(situation)
  if (values['json'] === true) out(documentText(after))
  talk(`agentbox  ${doneText(request, after)}\n`)
  return 0
}

function doneText({ pending, approved }: Request, { loaded, project }: Situation): string {
  if (loaded.units.length === 0) return `there is no policy file in ${shown(project.root)} or above it`
  if (pending.length > 0) return `approved: ${counted(pending.length, 'grant')}`
  return approved.length === 0
    ? 'nothing to approve: this policy asks for nothing more than you give every repository'
    : `nothing to approve: ${counted(approved.length, 'grant')} approved before`
}

function showText(situation: Situation, wide: Situation, request: Request): string {
  const { project, facts } = situation
  const had =
    request.approved.length === 0
      ? ''
      : `approved before:\n${indented(table(grantRows(request.approved, project.root)))}\n`
  const asks =
    request.pending.length === 0 ? `agentbox  ${doneText(request, situation)}\n\n` : requestText(request)
  const restricts =
    request.pending.length === 0 && request.restrictions.length > 0
      ? `  It restricts: ${request.restrictions.join(', ')}.\n\n`
      : ''
  return `${asks}${restricts}${had}The whole box with all of them:\n\n${boxText(wide.policy, project.root, facts.home)}`
}

function documentText(situation: Situation): string {
  const { pending, approved, restrictions } = requestOf(situation)
  const grants = [
    ...pending.map((grant) => ({ ...grant, state: 'pending' })),
    ...approved.map((grant) => ({ ...grant, state: 'approved' })),
  ]
  const document = {
    version: 1,
    project: situation.project.root,
    policies: trustStates(situation),
    grants,
    restrictions,
  }
  return `${jsonText(document, 2)}\n`
}
