import { ownPolicy } from '../config/own.ts'
import { fail } from '../errors.ts'
import { agentboxDirs } from '../host/dirs.ts'
import { readHostFacts } from '../host/facts.ts'
import {
  install,
  installationAt,
  shimNames,
  uninstall,
  wantedNames,
  type Installation,
} from '../shells/installation.ts'
import { jsonText, shown } from '../ui/escape.ts'
import { jsonOption, type Call, type Command } from './types.ts'

export const shims: Command = {
  name: 'shims',
  usage: 'install | list | remove',
  summary: 'Commands named like the agents that start them in the box',
  options: { json: jsonOption },
  examples: ['agentbox shims install', 'agentbox shims list --json'],
  run: runShims,
}

async function runShims(call: Call): Promise<number> {
  const [action, ...rest] = call.positionals
  if (rest.length > 0) fail({ code: 'usage', text: `shims ${action}: too many arguments`, command: 'shims' })
  const { home } = readHostFacts(call.env)
  const installation = installationAt(agentboxDirs(call.env, home).data, call.installDir)
  switch (action) {
    case 'install':
      return await installFor(home, installation, call)
    case 'list':
      return list(installation, call)
    case 'remove':
      return remove(installation, call)
    default:
      return fail({ code: 'usage', text: 'shims needs one of: install, list, remove', command: 'shims' })
  }
}

async function installFor(home: string, at: Installation, { env, talk, installDir }: Call): Promise<number> {
  install(at, wantedNames(await ownPolicy(env, home)), `${installDir}/agentbox.cjs`)
  if ((env['PATH'] ?? '').split(':')[0] !== at.shims) {
    talk(
      'put the shims first in PATH in every shell:\n  agentbox activate --write\nor by yourself:\n' +
        `  export PATH="${shown(at.shims)}:$PATH"\n`,
    )
  }
  return 0
}

function list(installation: Installation, { values, out, talk }: Call): number {
  const names = shimNames(installation)
  const directory = installation.shims
  if (values['json'] === true) out(`${jsonText({ version: 1, directory, shims: names })}\n`)
  else out(names.map((name) => `${directory}/${name}\n`).join(''))
  if (names.length === 0) talk('no shims installed: agentbox shims install\n')
  return 0
}

function remove(installation: Installation, { talk }: Call): number {
  const names = uninstall(installation)
  const what = `removed ${names.length} shims from ${shown(installation.shims)}\n`
  talk(names.length === 0 ? 'there were no shims\n' : what)
  return 0
}
