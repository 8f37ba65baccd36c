import { surveySituation } from '../session/situation.ts'
import { watchProject, type WatchEvent } from '../session/watching.ts'
import { shown } from '../ui/escape.ts'
import { fail } from '../errors.ts'
import type { Call, Command } from './types.ts'

export const watch: Command = {
  name: 'watch',
  usage: '',
  summary: 'Watch the project and keep the list of its masks in step, until Ctrl-C',
  options: { json: { type: 'boolean', about: 'a JSON object a line' } },
  examples: ['agentbox watch', 'agentbox watch --json'],
  run: watchHere,
}

async function watchHere({ env, values, positionals, out }: Call): Promise<number> {
  if (positionals.length > 0) fail({ code: 'usage', text: 'watch takes no arguments', command: 'watch' })
  const situation = await surveySituation(env)
  const { root } = situation.project
  const json = values['json'] === true
  const tell = (event: WatchEvent): void =>
    out(json ? `${JSON.stringify({ version: 1, at: Date.now(), ...event })}\n` : `${textOf(event, root)}\n`)
  // Neither the watch nor its timers keep a process alive.
  const hold = setInterval(() => {}, 1 << 30)
  const end = watchProject(situation, tell)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  clearInterval(hold)
  end()
  return 0
}

function textOf(event: WatchEvent, root: string): string {
  switch (event.kind) {
    case 'ready':
      return `watching     ${shown(root)}: ${event.masks} masked, ${event.directories} directories${event.polled > 0 ? `, ${event.polled} of them polled` : ''}`
    case 'masked':
    case 'unmasked':
    case 'redacted':
      return `${event.kind.padEnd(12)} ${shown(event.path.startsWith(`${root}/`) ? event.path.slice(root.length + 1) : event.path)} (${shown(event.pattern)})`
    case 'degraded':
      return `degraded     ${shown(event.reason)}`
  }
}
