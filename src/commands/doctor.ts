import { checks, examine } from '../doctor/index.ts'
import type { DoctorContext, Finding } from '../doctor/types.ts'
import { fail } from '../errors.ts'
import { agentboxDirs } from '../host/dirs.ts'
import { readHostFacts } from '../host/facts.ts'
import { surveySituation, type Situation } from '../session/situation.ts'
import { jsonText, shown } from '../ui/escape.ts'
import { whileSaying } from '../ui/waiting.ts'
import { jsonOption, type Call, type Command } from './types.ts'

export const doctor: Command = {
  name: 'doctor',
  usage: '[CHECK…]',
  words: checks.map(({ id }) => id),
  summary: 'Look for what keeps agents from being boxed here, and say how to mend it',
  options: { json: jsonOption },
  examples: ['agentbox doctor', 'agentbox doctor bwrap kernel', 'agentbox doctor --json'],
  run: runDoctor,
}

async function runDoctor({ env, values, positionals, installDir, out, talk }: Call): Promise<number> {
  const ids = checks.map(({ id }) => id)
  const unknown = positionals.find((name) => !ids.includes(name))
  if (unknown !== undefined) {
    fail({ code: 'usage', text: `no check "${unknown}"; there are: ${ids.join(', ')}`, command: 'doctor' })
  }
  const facts = readHostFacts(env)
  const dirs = agentboxDirs(env, facts.home)
  const findings = await whileSaying('looking …', talk, async () => {
    const context: DoctorContext = { env, facts, dirs, installDir, ...(await situationOr(env)) }
    return await examine(context, positionals)
  })
  if (values['json'] === true) out(`${jsonText({ version: 1, findings }, 2)}\n`)
  else {
    out(findings.map(findingText).join(''))
    talk(`${totals(findings, positionals.length === 0 ? ids.length : positionals.length)}\n`)
  }
  return findings.some(({ severity }) => severity === 'error') ? 1 : 0
}

async function situationOr(
  env: NodeJS.ProcessEnv,
): Promise<{ situation: Situation | undefined; trouble: unknown }> {
  try {
    return { situation: await surveySituation(env), trouble: undefined }
  } catch (trouble) {
    return { situation: undefined, trouble }
  }
}

function findingText({ check, severity, problem, why, mend }: Finding): string {
  return [
    `${severity.padEnd(8)} ${check}: ${shown(problem, 500)}`,
    `         why   ${shown(why, 500)}`,
    `         mend  ${shown(mend, 500)}`,
  ]
    .map((line) => `${line}\n`)
    .join('')
}

function totals(findings: readonly Finding[], looked: number): string {
  const count = (severity: Finding['severity'], name: string): string[] => {
    const number = findings.filter((finding) => finding.severity === severity).length
    return number === 0 ? [] : [`${number} ${name}${number === 1 ? '' : 's'}`]
  }
  const parts = [...count('error', 'error'), ...count('warning', 'warning'), ...count('note', 'note')]
  return parts.length === 0
    ? `all is well: ${looked} topic${looked === 1 ? '' : 's'} looked at`
    : parts.join(', ')
}
