import { lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { fail } from '../errors.ts'
import { agentboxDirs } from '../host/dirs.ts'
import { linkTarget, realpathOf } from '../host/files.ts'
import { readHostFacts } from '../host/facts.ts'
import { agents } from '../policy/agents/index.ts'
import { shown } from '../ui/escape.ts'
import { jsonOption, type Call, type Command } from './types.ts'

export const shims: Command = {
  name: 'shims',
  usage: 'install | list | remove',
  summary: 'Commands named like the agents that start them in the box',
  options: { json: jsonOption },
  examples: ['agentbox shims install', 'agentbox shims list --json'],
  run: runShims,
}

function runShims(call: Call): number {
  const [action, ...rest] = call.positionals
  const dir = `${agentboxDirs(call.env, readHostFacts(call.env).home).data}/shims`
  const script = realpathOf(`${dirname(call.installDir)}/shell/shim.sh`)
  if (rest.length > 0) fail({ code: 'usage', text: `shims ${action}: too many arguments`, command: 'shims' })
  switch (action) {
    case 'install':
      return install(dir, script, call)
    case 'list':
      return list(dir, script, call)
    case 'remove':
      return remove(dir, script, call)
    default:
      return fail({ code: 'usage', text: 'shims needs one of: install, list, remove', command: 'shims' })
  }
}

function install(dir: string, script: string | undefined, { env, talk }: Call): number {
  if (script === undefined)
    return fail({ code: 'io', action: 'find', path: 'shell/shim.sh', reason: 'this installation has none' })
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  for (const name of agents.flatMap((agent) => agent.commands)) {
    const place = `${dir}/${name}`
    if (linkTarget(place) === script) continue
    const stat = lstatSync(place, { throwIfNoEntry: false })
    if (stat !== undefined && !stat.isSymbolicLink()) {
      fail({ code: 'io', action: 'replace', path: place, reason: 'it is not a link of agentbox' })
    }
    rmSync(place, { force: true })
    symlinkSync(script, place)
  }
  // The shim starts agentbox with this node: one that it found on PATH could be a version manager's script.
  rmSync(`${dir}/.node`, { force: true })
  symlinkSync(process.execPath, `${dir}/.node`)
  const first = (env['PATH'] ?? '').split(':')[0] === dir
  if (!first)
    talk(
      `put the shims first in PATH, at the end of your shell's start file:\n  export PATH="${shown(dir)}:$PATH"\n`,
    )
  return 0
}

/** Shims are links; whatever else stands in the directory is not ours to list or remove. */
function installed(dir: string, script: string | undefined): string[] {
  try {
    return readdirSync(dir).filter((name) => linkTarget(`${dir}/${name}`) === script)
  } catch {
    return []
  }
}

function list(dir: string, script: string | undefined, { values, out, talk }: Call): number {
  const names = installed(dir, script).toSorted()
  if (values['json'] === true) out(`${JSON.stringify({ version: 1, directory: dir, shims: names })}\n`)
  else out(names.map((name) => `${dir}/${name}\n`).join(''))
  if (names.length === 0) talk('no shims installed: agentbox shims install\n')
  return 0
}

function remove(dir: string, script: string | undefined, { talk }: Call): number {
  const names = installed(dir, script)
  for (const name of names) rmSync(`${dir}/${name}`)
  if (linkTarget(`${dir}/.node`) !== undefined) rmSync(`${dir}/.node`)
  talk(names.length === 0 ? 'there were no shims\n' : `removed ${names.length} shims from ${shown(dir)}\n`)
  return 0
}
