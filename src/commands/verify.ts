import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fail } from '../errors.ts'
import { prepare } from '../session/prepare.ts'
import { surveySituation } from '../session/situation.ts'
import { jsonText, shown } from '../ui/escape.ts'
import { checksFor, judgeAnswers, questionsText, type Checked } from '../verify/index.ts'
import { junitXml } from '../verify/junit.ts'
import { readHost } from '../verify/readings.ts'
import { commandOf, scripts } from '../verify/sessions.ts'
import { policyArguments, policyFlags, policyOptions, withoutGrants } from './policy-options.ts'
import { jsonOption, type Call, type Command } from './types.ts'

export const verify: Command = {
  name: 'verify',
  usage: '',
  summary: 'Start a box without an agent and test from inside what it promises',
  options: {
    json: jsonOption,
    junit: { type: 'string', value: 'FILE', about: 'write the results as JUnit XML, for CI' },
    all: { type: 'boolean', about: 'list what is contained, too' },
    ...policyOptions,
  },
  examples: ['agentbox verify', 'agentbox verify --all', 'agentbox verify --junit agentbox.xml'],
  run: runVerify,
}

async function runVerify(call: Call): Promise<number> {
  const { env, values, installDir, out, talk } = call
  const situation = await surveySituation(env, policyFlags(values))
  const argv = commandOf(scripts.probe)
  const without = {
    withoutGrants: values['without-grants'] === true,
    without: withoutGrants('verify', values),
  }
  const { plan } = prepare(situation, { argv, ...without }, `${installDir}/agentbox-helper`)
  const { facts, policy } = situation
  const checks = checksFor({ plan, policy, facts, host: readHost(plan, facts.home, env) })
  const { printed, status } = await askBox(call, questionsText(checks))
  if (printed === '') return status === 0 ? 125 : status
  const results = [...judgeAnswers(checks, printed), await endsWithAgentbox(call)]
  if (values['json'] === true) out(`${jsonText({ version: 1, project: plan.project, checks: results }, 2)}\n`)
  else {
    out(report(results, values['all'] === true))
    talk('reproduce any of them by hand: agentbox plan --format script > box.sh; docs/verify.md\n')
  }
  if (typeof values['junit'] === 'string') write(values['junit'], junitXml(results))
  return results.some(({ state }) => state === 'failed') ? 1 : 0
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    fail({ code: 'io', action: 'write', path, reason: (error as Error).message }, error)
  }
}

/** The same way as every agent is started, by the same program. */
function startBox({ env, values, installDir }: Call, script: string): ReturnType<typeof spawn> {
  const args = [
    `${installDir}/agentbox.cjs`,
    'run',
    '--quiet',
    ...policyArguments(values),
    '--',
    ...commandOf(script),
  ]
  return spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
}

function askBox(call: Call, questions: string): Promise<{ printed: string; status: number }> {
  const box = startBox(call, scripts.probe)
  let printed = ''
  box.stdout!.setEncoding('utf8').on('data', (chunk: string) => void (printed += chunk))
  // A box that could not be started has closed it.
  box.stdin!.on('error', () => {}).end(questions)
  return new Promise((resolve, reject) => {
    box.once('error', reject)
    box.once('close', (status) => resolve({ printed, status: status ?? 125 }))
  })
}

/** Milliseconds in which a box must stand, and those in which nothing of it may be left. */
const UP = 60_000
const GONE = 10_000

/** Everything in the box holds the pipe: when that ends, all of it has. */
async function endsWithAgentbox(call: Call): Promise<Checked> {
  const box = startBox(call, scripts.killed)
  const about = {
    id: 'end:killed',
    topic: 'end',
    claim: 'kill -9 of agentbox leaves nothing of the box running',
    byHand: 'agentbox run -- sleep 1000 & sleep 1; kill -9 $!; sleep 1; pgrep -f "sleep 1000"',
  } as const
  return await new Promise((resolve) => {
    const give = (state: Checked['state'], detail = ''): void => {
      clearTimeout(late)
      resolve({ ...about, state, detail })
    }
    let up = false
    let late = setTimeout(() => {
      box.kill('SIGKILL')
      give('unchecked', 'the box did not start in time')
    }, UP)
    box.stdout!.once('data', () => {
      up = true
      clearTimeout(late)
      late = setTimeout(() => give('failed', 'something of it runs on'), GONE)
      box.kill('SIGKILL')
    })
    box.stdout!.on('close', () => (up ? give('contained') : give('unchecked', 'the box did not start')))
  })
}

function report(results: readonly Checked[], all: boolean): string {
  const own = results.filter(({ topic }) => topic === 'policy')
  const built = results.filter(({ topic }) => topic !== 'policy')
  const of = (list: readonly Checked[], state: Checked['state']): Checked[] =>
    list.filter((one) => one.state === state)
  const line = ({ claim, detail }: Checked, mark: string): string =>
    ` ${mark} ${shown(claim)}${detail === '' ? '' : `: ${shown(detail)}`}\n`
  return [
    ...(all ? of(results, 'contained').map((one) => line(one, '✓')) : []),
    ...of(results, 'failed').map((one) => line(one, '✗')),
    ...of(results, 'unchecked').map((one) => line(one, '–')),
    totals(' ', of(built, 'contained'), of(built, 'failed'), of(built, 'unchecked')),
    ...(own.length === 0
      ? []
      : [totals('   your assertions: ', of(own, 'contained'), of(own, 'failed'), of(own, 'unchecked'))]),
  ].join('')
}

function totals(head: string, ...[contained, failed, unchecked]: Checked[][]): string {
  const parts = [`✓ ${contained!.length} contained`, `✗ ${failed!.length} failed`]
  if (unchecked!.length > 0) parts.push(`– ${unchecked!.length} could not be checked here`)
  return `${head}${parts.join('   ')}\n`
}
