import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Call, Command } from './commands/types.ts'
import { AgentboxError, exitStatusOf, fail } from './errors.ts'
import { fromBytes } from './host/bytes.ts'
import { realpathOf } from './host/files.ts'
import { commandHelp, programHelp } from './ui/help.ts'
import { render } from './ui/messages.ts'
import { parseCall } from './ui/options.ts'
import { version } from './version.ts'

/** Runs the program: the one catch and the one exit. */
export async function start(commands: readonly Command[]): Promise<void> {
  try {
    process.exitCode = await dispatch(commands, rawArguments())
  } catch (error) {
    process.exitCode = report(error)
  }
}

async function dispatch(commands: readonly Command[], args: string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h') return print(programHelp(commands))
  if (name === '--version' || name === '-V') return print(`agentbox ${version}\n`)
  if (name === 'help') return help(commands, rest[0])
  const command = find(commands, name)
  const call = parseCall(command, rest)
  if (call.values['help'] === true) return print(commandHelp(command))
  return await command.run({ ...call, commands, ...surroundings() })
}

function help(commands: readonly Command[], name: string | undefined): number {
  return print(name === undefined ? programHelp(commands) : commandHelp(find(commands, name)))
}

function find(commands: readonly Command[], name: string): Command {
  const found = commands.find((command) => command.name === name)
  return found ?? fail({ code: 'usage', text: `there is no command "${name}"` })
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function surroundings(): Pick<Call, 'env' | 'installDir' | 'out' | 'talk'> {
  return {
    env: userEnv(),
    installDir: dirname(realpathOf(process.argv[1]!) ?? process.argv[1]!),
    out: (text) => void process.stdout.write(text),
    talk: (text) => void process.stderr.write(text),
  }
}

/** The shim keeps the user's NODE_OPTIONS from this process: they are the agent's. */
function userEnv(): NodeJS.ProcessEnv {
  const { AGENTBOX_NODE_OPTIONS: options, ...env } = process.env
  return options === undefined ? env : { ...env, NODE_OPTIONS: options }
}

/** Node decodes arguments as UTF-8 and loses other bytes; the kernel still has them. */
function rawArguments(): string[] {
  const decoded = process.argv.slice(2)
  if (!decoded.some((arg) => arg.includes('\uFFFD'))) return decoded
  const raw = readFileSync('/proc/self/cmdline')
  const parts: string[] = []
  for (let at = 0; at < raw.length;) {
    const end = raw.indexOf(0, at)
    parts.push(fromBytes(raw.subarray(at, end)))
    at = end + 1
  }
  return parts.slice(parts.length - decoded.length)
}

function report(error: unknown): number {
  if (error instanceof AgentboxError) {
    process.stderr.write(render(error.problem))
    return exitStatusOf(error.problem)
  }
  // Not a problem that anybody foresaw: still no stack trace, unless asked for.
  const text = process.env['AGENTBOX_DEBUG'] === '1' && error instanceof Error ? error.stack : String(error)
  process.stderr.write(
    `agentbox: internal error: ${text}\n          AGENTBOX_DEBUG=1 shows where; nothing is running\n`,
  )
  return 125
}
