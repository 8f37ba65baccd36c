import { closeSync, openSync, writeFileSync } from 'node:fs'
import { findRc } from '../config/find.ts'
import { AgentboxError, fail } from '../errors.ts'
import { fsPath } from '../host/bytes.ts'
import { detect } from '../init/detect.ts'
import { renderPolicy } from '../init/render.ts'
import { usualChoices, type Findings } from '../init/types.ts'
import { onTerminal } from '../session/consent.ts'
import { projectOf, surveySituation } from '../session/situation.ts'
import { shown } from '../ui/escape.ts'
import { render } from '../ui/messages.ts'
import { placesText, remedies } from '../ui/wording/history.ts'
import { hooks } from './hooks.ts'
import type { Call, Command } from './types.ts'

export const init: Command = {
  name: 'init',
  usage: '',
  summary: 'Write a first policy for this repository, from what is in it',
  options: {
    yes: { type: 'boolean', short: 'y', about: 'ask nothing, for scripts' },
    print: { type: 'boolean', about: 'print the policy and write nothing' },
  },
  examples: ['agentbox init', 'agentbox init --print', 'agentbox init --yes && agentbox allow'],
  run: runInit,
}

/** Masked names in git that are named one by one. */
const MOST = 10

/** Asked, and nothing was written. */
const DECLINED = 1

async function runInit(call: Call): Promise<number> {
  const { env, values, out, talk } = call
  const print = values['print'] === true
  // Whatever stands there, it is not read: it may be anything.
  const project = projectOf(env)
  const there = print ? undefined : findRc(project)
  if (there !== undefined) fail({ code: 'policy-exists', path: there.path })
  const asks = !print && values['yes'] !== true
  if (asks && !onTerminal())
    fail({ code: 'usage', text: 'init asks on a terminal; without one: --yes or --print', command: 'init' })
  const findings = await detect(await surveySituation(env))
  if (print) {
    out(renderPolicy(findings, usualChoices(findings)))
    return 0
  }
  const path = `${project}/.agentboxrc`
  const text = asks ? await asked(findings, path) : renderPolicy(findings, usualChoices(findings))
  if (text === undefined) return DECLINED
  create(path, text)
  const hooked = asks && findings.repository && (await offersHooks(call))
  talk(nextSteps(path, findings, text, hooked))
  return 0
}

/** True if they are installed now. */
async function offersHooks(call: Call): Promise<boolean> {
  const { askHooks } = await import('../init/ask.ts')
  if (!(await askHooks())) return false
  // The policy is written: whatever is in the way of hooks is told, and is no failure of `init`.
  try {
    return (await hooks.run({ ...call, positionals: ['install'], values: {} })) === 0
  } catch (error) {
    if (!(error instanceof AgentboxError)) throw error
    call.talk(render(error.problem))
    return false
  }
}

async function asked(findings: Findings, path: string): Promise<string | undefined> {
  const { askChoices, askWrite } = await import('../init/ask.ts')
  const choices = await askChoices(findings)
  if (choices === undefined) return undefined
  const text = renderPolicy(findings, choices)
  return (await askWrite(path, text)) ? text : undefined
}

/** Never over anything, a dangling link included. */
function create(path: string, text: string): void {
  let fd: number
  try {
    fd = openSync(fsPath(path), 'wx', 0o644)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      return fail({ code: 'policy-exists', path }, error)
    return fail({ code: 'io', action: 'create', path, reason: (error as Error).message }, error)
  }
  try {
    writeFileSync(fd, text)
  } finally {
    closeSync(fd)
  }
}

function nextSteps(
  path: string,
  { agents, repository, inGit }: Findings,
  text: string,
  hooked: boolean,
): string {
  const steps = [
    ['agentbox status', 'the box that comes of it'],
    ...(/^ {2}(?:allow|substitute):/m.test(text) ? [['agentbox allow', 'approve its grants, for you']] : []),
    ['agentbox verify', 'put it to the test'],
    [
      'agentbox activate --write',
      `${agents.length > 0 ? agents.join(', ') : 'agents'} in the box by name, in new shells`,
    ],
    ...(repository && !hooked ? [['agentbox hooks install', 'keep secrets out of commits']] : []),
  ]
  const lines = steps.map(([command, why]) => `  ${command!.padEnd(26)} ${why}\n`)
  return `agentbox  wrote ${shown(path)}. Next:\n${lines.join('')}${knownToGit(inGit)}`
}

function knownToGit(inGit: Findings['inGit']): string {
  if (inGit.length === 0) return ''
  const lines = inGit.slice(0, MOST).flatMap((finding) => {
    const commands = remedies(finding).map((command) => `    ${shown(command, 400)}\n`)
    return [`  ${shown(finding.path)}   ${placesText(finding)}\n`, ...commands]
  })
  const more = inGit.length > MOST ? `  and ${inGit.length - MOST} more: agentbox scan --history\n` : ''
  return `git has masked files, where no mask hides them. Change these secrets, then:\n${lines.join('')}${more}`
}
