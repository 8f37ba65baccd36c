import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fail } from '../errors.ts'
import { applySteps } from '../git/hooks/apply.ts'
import type { Programs } from '../git/hooks/names.ts'
import { hookPlace, type HookPlace } from '../git/hooks/place.ts'
import { configuredHooks, hookStates } from '../git/hooks/state.ts'
import { planInstall, planUninstall, type HookPlan } from '../git/hooks/steps.ts'
import { realpathOf } from '../host/files.ts'
import { adviceLines, stateRows } from '../ui/hooks.ts'
import { jsonText, shown } from '../ui/escape.ts'
import { table } from '../ui/table.ts'
import { jsonOption, type Call, type Command } from './types.ts'

export const hooks: Command = {
  name: 'hooks',
  usage: 'install | uninstall | status',
  summary: 'Git hooks that keep masks and policy in step, and secrets out of commits',
  options: {
    write: { type: 'boolean', about: 'install: change files that others share too, such as .husky/' },
    json: jsonOption,
  },
  examples: ['agentbox hooks install', 'agentbox hooks install --write', 'agentbox hooks status --json'],
  run: runHooks,
}

async function runHooks(call: Call): Promise<number> {
  const { env, positionals, talk } = call
  const [action, ...rest] = positionals
  if (rest.length > 0 || !['install', 'uninstall', 'status'].includes(action ?? '')) {
    fail({ code: 'usage', text: 'hooks needs one of: install, uninstall, status', command: 'hooks' })
  }
  // A package's prepare script runs wherever it is installed.
  const prepare = env['npm_lifecycle_event'] === 'prepare'
  if (action === 'install' && isTrue(env['CI'])) {
    talk('agentbox  no hooks in CI (CI is set); agentbox scan checks there\n')
    return 0
  }
  const place = await hookPlace('.', env)
  if (place === undefined) {
    if (prepare) return 0
    return fail({ code: 'hooks-unavailable', reason: 'there is no git work tree here' })
  }
  if (action === 'status') return status(place, call)
  const plan =
    action === 'install'
      ? planInstall({ place, ...given(call), write: call.values['write'] === true })
      : planUninstall(place, [...(await configuredHooks(place.root)).keys()])
  await applySteps(place.root, plan.steps)
  report(plan, place, action === 'install', call)
  const open = plan.advice.some(({ kind }) => kind !== 'run')
  return open && !prepare ? 1 : 0
}

async function status(place: HookPlace, call: Call): Promise<number> {
  const { programs, template } = given(call)
  const states = await hookStates(place, template, programs)
  if (call.values['json'] === true) {
    const { root, dir, manager } = place
    const report = { version: 1, root, dir, manager: manager?.kind ?? null, hooks: states }
    call.out(`${jsonText(report, 2)}\n`)
  } else call.out(table(stateRows(states)))
  const bad = states.some(({ via, outdated }) => via === undefined || outdated)
  if (bad && call.values['json'] !== true) call.talk('install or renew them: agentbox hooks install\n')
  return bad ? 1 : 0
}

function report(
  { steps, advice }: HookPlan,
  { root, dir }: HookPlace,
  install: boolean,
  { values, out, talk }: Call,
): void {
  if (values['json'] === true) out(`${jsonText({ version: 1, root, dir, steps, advice }, 2)}\n`)
  for (const line of adviceLines(advice, root)) talk(`${line}\n`)
  if (advice.some(({ kind }) => kind === 'shared' || kind === 'lines')) return
  const done = install ? 'hooks are installed' : 'hooks are gone, and what was there is back'
  const nothing = install ? 'hooks were installed already' : 'there are no hooks of agentbox here'
  talk(`agentbox  ${steps.length > 0 ? done : nothing} · ${shown(dir)}\n`)
}

/** What the hooks are made of: this node, this agentbox. */
function given({ installDir }: Call): { programs: Programs; template: string } {
  const agentbox = `${installDir}/agentbox.cjs`
  const script = `${dirname(installDir)}/hooks/hook.sh`
  if (realpathOf(script) === undefined) {
    fail({ code: 'io', action: 'find', path: 'hooks/hook.sh', reason: 'this installation has none' })
  }
  return { programs: { node: process.execPath, agentbox }, template: readFileSync(script, 'utf8') }
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false'
}
