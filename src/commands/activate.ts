import { basename } from 'node:path'
import { ownPolicy } from '../config/own.ts'
import { fail } from '../errors.ts'
import { agentboxDirs } from '../host/dirs.ts'
import { readHostFacts } from '../host/facts.ts'
import { lstatOf } from '../host/files.ts'
import { news } from '../session/news.ts'
import { install, installationAt, wantedNames, type Installation } from '../shells/installation.ts'
import { shellNamed, shells } from '../shells/index.ts'
import { activationLine } from '../shells/line.ts'
import { addLine, removeLine } from '../shells/start-files.ts'
import type { Shell } from '../shells/types.ts'
import { shellWord, shown } from '../ui/escape.ts'
import type { Call, Command } from './types.ts'

export const activate: Command = {
  name: 'activate',
  usage: '[bash | zsh | fish]',
  summary: 'Have agents start in the box in every shell of yours',
  options: {
    write: { type: 'boolean', about: "install the shims and add a line to the shell's start files" },
    remove: { type: 'boolean', about: 'take the line out of the start files again' },
    news: {
      type: 'boolean',
      about: 'for activated shells: say once what is new about a policy',
    },
  },
  examples: [
    'agentbox activate --write',
    'agentbox activate zsh --write',
    'agentbox activate --remove',
    'eval "$(agentbox activate bash)"',
    'agentbox activate fish | source',
    'agentbox deactivate',
  ],
  run: runActivate,
}

async function runActivate(call: Call): Promise<number> {
  const { values, positionals, env } = call
  if (values['news'] === true) {
    call.talk((await news(env, positionals)) ?? '')
    return 0
  }
  const { home } = readHostFacts(env)
  const at = installationAt(agentboxDirs(env, home).data, call.installDir)
  if (values['write'] === true && values['remove'] === true)
    fail({ code: 'usage', text: '--write and --remove exclude each other', command: 'activate' })
  if (values['write'] === true) return await write(shellsFor(positionals, env), at, home, call)
  if (values['remove'] === true)
    return remove(positionals.length === 0 ? shells : positionals.map(named), call)
  const [shell] = shellsFor(positionals, env)
  call.out(
    `${shell!.name === 'fish' ? 'source' : '.'} ${shellWord(`${at.scripts}/activate.${shell!.name}`)}\n`,
  )
  if (lstatOf(`${at.shims}/.names`) === undefined)
    call.talk('agentbox: no shims are installed, so nothing starts in a box: agentbox shims install\n')
  return 0
}

function named(name: string): Shell {
  const known = shells.map((shell) => shell.name).join(', ')
  return shellNamed(name) ?? fail({ code: 'usage', text: `activate knows: ${known}`, command: 'activate' })
}

/** Those named, or the one that the user logs in with. */
function shellsFor(names: readonly string[], { SHELL = '' }: NodeJS.ProcessEnv): Shell[] {
  return names.length > 0 ? names.map(named) : [named(basename(SHELL))]
}

async function write(chosen: Shell[], at: Installation, home: string, call: Call): Promise<number> {
  install(at, wantedNames(await ownPolicy(call.env, home)), `${call.installDir}/agentbox.cjs`)
  for (const { shell, path, script } of startFiles(chosen, call.env)) {
    const changed = addLine(path, activationLine(`${at.data}/${script}`, home, shell === 'fish'))
    call.talk(changed ? `added a line to ${shown(path)}\n` : `${shown(path)} has the line\n`)
  }
  call.talk('new shells are activated; this one: exec "$SHELL"\n')
  return 0
}

function remove(chosen: readonly Shell[], { env, talk }: Call): number {
  const changed = startFiles(chosen, env).filter(({ path }) => removeLine(path))
  for (const { path } of changed) talk(`removed the line from ${shown(path)}\n`)
  if (changed.length === 0) talk('no start file has the line\n')
  return 0
}

/** By the unresolved home: that is what the shells go by. */
function startFiles(chosen: readonly Shell[], env: NodeJS.ProcessEnv) {
  const { home } = readHostFacts(env)
  const place = { home, env, exists: (path: string) => lstatOf(path) !== undefined }
  return chosen.flatMap((shell) => shell.startFiles(place).map((file) => ({ shell: shell.name, ...file })))
}
