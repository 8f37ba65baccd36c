import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import type { Call, Command } from './commands/types.ts'
import { nearest } from './config/keys.ts'
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
  if (found !== undefined) return found
  const known = commands.filter(({ hidden }) => hidden !== true).map((command) => command.name)
  const guess = nearest(name, known)
  const what = name.startsWith('-') ? 'option' : 'command'
  const hint = guess === undefined ? '' : `; did you mean "${guess}"?`
  return fail({ code: 'usage', text: `there is no ${what} "${name}"${hint}` })
}

function print(text: string): number {
  out(text)
  return 0
}

const out = (text: string): void => send(process.stdout, text)

const talk = (text: string): void => send(process.stderr, text)

const heard = new Set<NodeJS.WriteStream>()

/** Only what is written to is opened: to open a pipe changes it for everybody who shares it, the agent too. */
function send(stream: NodeJS.WriteStream, text: string): void {
  if (!heard.has(stream)) {
    heard.add(stream)
    // What is told on stderr is not worth an end of its own.
    stream.on('error', stream === process.stdout ? lost : () => {})
  }
  stream.write(text)
}

/** A reader that is gone (`agentbox log | head`) ends the program as SIGPIPE ends others; a full disk is said. */
function lost({ code, message }: NodeJS.ErrnoException): void {
  const problem = { code: 'io', action: 'write', path: 'standard output', reason: message } as const
  const status = code === 'EPIPE' ? 128 + constants.signals.SIGPIPE : report(new AgentboxError(problem))
  // `log -f` and `watch` would go on for nobody.
  // oxlint-disable-next-line unicorn/no-process-exit
  process.exit(status)
}

function surroundings(): Pick<Call, 'env' | 'installDir' | 'out' | 'talk'> {
  return {
    env: userEnv(),
    installDir: dirname(realpathOf(process.argv[1]!) ?? process.argv[1]!),
    out,
    talk,
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
    talk(render(error.problem))
    return exitStatusOf(error.problem)
  }
  // Not a problem that anybody foresaw: still no stack trace, unless asked for.
  const text = process.env['AGENTBOX_DEBUG'] === '1' && error instanceof Error ? error.stack : String(error)
  talk(`agentbox: internal error: ${text}\n          AGENTBOX_DEBUG=1 shows where; nothing is running\n`)
  return 125
}
