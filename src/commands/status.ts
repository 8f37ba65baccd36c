import { readFileSync } from 'node:fs'
import { realpathOf } from '../host/files.ts'
import { hookScript, statusOf } from '../session/status.ts'
import { surveySituation } from '../session/situation.ts'
import { statusText } from '../ui/status.ts'
import { policyFlags, policyOptions } from './policy-options.ts'
import { jsonOption, type Call, type Command } from './types.ts'
import { jsonText } from '../ui/escape.ts'

export const status: Command = {
  name: 'status',
  usage: '',
  summary: 'Say on one screen what the box here may see, reach and run',
  options: { json: jsonOption, ...policyOptions },
  examples: ['agentbox status', 'agentbox status --json', 'agentbox status --network none'],
  run: showStatus,
}

async function showStatus({ env, values, installDir, out }: Call): Promise<number> {
  const situation = await surveySituation(env, policyFlags(values))
  const script = hookScript(installDir)
  const found = await statusOf(situation, {
    helper: `${installDir}/agentbox-helper`,
    programs: { node: process.execPath, agentbox: `${installDir}/agentbox.cjs` },
    template: realpathOf(script) === undefined ? '' : readFileSync(script, 'utf8'),
  })
  if (values['json'] === true) out(`${jsonText({ version: 1, ...found }, 2)}\n`)
  else out(statusText(found, situation.facts.home, Date.now()))
  return 0
}
