import { explainHost } from '../explain/host.ts'
import { hostLook } from '../explain/look.ts'
import { explainPath } from '../explain/path.ts'
import { verified } from '../git/repository.ts'
import { originText } from '../policy/origin.ts'
import type { Explanation } from '../explain/types.ts'
import { pendingAbout } from '../explain/pending.ts'
import { explainVariable } from '../explain/variable.ts'
import { normalPath } from '../config/paths.ts'
import { fail } from '../errors.ts'
import { lstatOf } from '../host/files.ts'
import { compileMatcher } from '../masks/patterns.ts'
import { prepare, type Prepared } from '../session/prepare.ts'
import { configFiles } from '../protect/git.ts'
import { sessionLogs } from '../session/logs.ts'
import { surveySituation, type Situation } from '../session/situation.ts'
import { jsonText, shown } from '../ui/escape.ts'
import { policyFlags, policyOptions } from './policy-options.ts'
import { jsonOption, type Call, type Command, type Values } from './types.ts'

export const explain: Command = {
  name: 'explain',
  usage: 'PATH|HOST|VARIABLE…',
  summary: 'Say what the box makes of a path, a host or a variable, and by which rule',
  options: {
    as: {
      type: 'string',
      value: 'KIND',
      choices: ['path', 'host', 'variable'],
      about: 'path, host or variable, where that is not plain',
    },
    for: { type: 'string', value: 'COMMAND', about: 'in the box of this agent (default: of no agent)' },
    json: jsonOption,
    ...policyOptions,
  },
  examples: [
    'agentbox explain apps/api/.env',
    'agentbox explain sentry.io',
    'agentbox explain --for claude ANTHROPIC_API_KEY',
  ],
  run: runExplain,
}

const DAY = 24 * 60 * 60 * 1000

async function runExplain({ env, values, positionals, installDir, out }: Call): Promise<number> {
  if (positionals.length === 0)
    fail({ code: 'usage', text: 'explain needs a path, a host or a variable', command: 'explain' })
  const situation = await surveySituation(env, policyFlags(values))
  const argv: [string] = [typeof values['for'] === 'string' ? values['for'] : '/bin/sh']
  const prepared = prepare(situation, { argv, withoutGrants: true }, `${installDir}/agentbox-helper`)
  const explained = positionals.map((subject) => asked(explainOne(subject, values, prepared), prepared))
  if (values['json'] === true) out(`${jsonText({ version: 1, explained }, 2)}\n`)
  else out(explained.map((one) => text(one, situation.project.root)).join('\n'))
  return 0
}

/** What the repository asks for is not in the box, and is said all the same. */
function asked(told: Explanation, { survey, profile }: Prepared): Explanation {
  const more = pendingAbout(told, survey.pending, profile.hosts).map(
    ({ kind, value, file, line }) =>
      `asked for and not approved: ${kind} ${value} (${originText({ layer: 'repo', file, line })}): agentbox allow`,
  )
  return { ...told, also: [...told.also, ...more] }
}

function explainOne(subject: string, values: Values, prepared: Prepared): Explanation {
  const { situation, plan, profile, survey } = prepared
  const { policy, facts, cwd, env } = situation
  const kind = values['as'] ?? kindOf(subject, cwd)
  if (kind === 'variable') {
    return explainVariable(subject, { plan, policy, profile, isSet: env[subject] !== undefined })
  }
  if (kind === 'host') {
    const told = explainHost(ofUrl(subject) ?? subject, policy, profile.hosts)
    if (told === undefined)
      return fail({ code: 'usage', text: `${subject} is no host name`, command: 'explain' })
    return { ...told, also: [...told.also, ...attempts(told, prepared)] }
  }
  const home = subject === '~' || subject.startsWith('~/') ? `${facts.home}${subject.slice(1)}` : subject
  const path = normalPath(home.startsWith('/') ? home : `${cwd}/${home}`)
  const matcher = compileMatcher(policy.masks)
  return explainPath(path, {
    plan,
    policy,
    home: facts.home,
    matcher,
    masks: survey.masks,
    look: hostLook(facts, prepared.placeholders),
    copied: copiedConfigs(situation),
  })
}

function copiedConfigs({ project }: Situation): string[] {
  const repository = verified(project.repository)
  return repository === undefined ? [] : configFiles(repository)
}

/** A name with a slash, or of a file that is there, is a path; capitals make a variable; dots a host. */
function kindOf(subject: string, cwd: string): 'path' | 'host' | 'variable' {
  if (ofUrl(subject) !== undefined) return 'host'
  if (subject.includes('/') || /^[.~]/.test(subject) || lstatOf(`${cwd}/${subject}`) !== undefined)
    return 'path'
  if (/^[A-Z_][A-Z0-9_]*$/.test(subject)) return 'variable'
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?$|^\[?[0-9a-f:.]*:[0-9a-f:.]*\]?(:\d+)?$/i.test(subject)
    ? 'host'
    : 'path'
}

/** Host and port of an address that was copied from somewhere. */
function ofUrl(subject: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(subject) || !URL.canParse(subject)) return undefined
  const { protocol, hostname, port } = new URL(subject)
  const usual = { 'http:': '80', 'ssh:': '22', 'git:': '9418' }[protocol] ?? '443'
  return `${hostname}:${port === '' ? usual : port}`
}

/** What sessions of the last day did about it. */
function attempts({ subject }: Explanation, { situation }: Prepared): string[] {
  const { dirs, project } = situation
  const since = Date.now() - DAY
  const events = sessionLogs(dirs.state)
    .filter((log) => log.project === project.root)
    .flatMap(({ events: all }) => all)
    .filter(
      (event) => event.kind === 'network' && event.at > since && `${event.host}:${event.port}` === subject,
    )
  return events.length === 0
    ? []
    : [`asked for ${events.length} times in the last 24 hours: agentbox log --network`]
}

function text({ subject, state, because, inside, also, change }: Explanation, project: string): string {
  const name = subject.startsWith(`${project}/`) ? subject.slice(project.length + 1) : subject
  const row = (head: string, words: string): string => `  ${head.padEnd(9)} ${words}\n`
  return [
    `${shown(name)}   ${state}\n`,
    ...because.map(({ text: words, origin }) =>
      row('because', `${shown(words)}${origin === undefined ? '' : ` (${shown(originText(origin))})`}`),
    ),
    ...(inside === undefined ? [] : [row('inside', shown(inside))]),
    ...also.map((words) => row('also', shown(words))),
    ...change.map((words) => row('change', shown(words))),
  ].join('')
}
