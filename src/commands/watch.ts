import { isWithin } from '../host/paths.ts'
import { unboxedAgents, type UnboxedAgent } from '../host/unboxed.ts'
import { surveySituation, type Situation } from '../session/situation.ts'
import { watchProject, type WatchEvent } from '../session/watching.ts'
import { jsonText, shown } from '../ui/escape.ts'
import type { Call, Command } from './types.ts'

export const watch: Command = {
  name: 'watch',
  usage: '',
  summary: 'Watch the project and keep the list of its masks in step, until Ctrl-C',
  options: { json: { type: 'boolean', about: 'a JSON object a line' } },
  examples: ['agentbox watch', 'agentbox watch --json'],
  run: watchHere,
}

async function watchHere({ env, values, out }: Call): Promise<number> {
  const situation = await surveySituation(env)
  const { root } = situation.project
  const json = values['json'] === true
  const tell = (event: Told): void =>
    out(json ? `${jsonText({ version: 1, at: Date.now(), ...event })}\n` : `${textOf(event, root)}\n`)
  // Neither the watch nor its timers keep a process alive; this one does.
  const hold = setInterval(unboxedTeller(situation, tell), LOOK)
  const end = watchProject(situation, tell)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  clearInterval(hold)
  end()
  return 0
}

type Told = WatchEvent | ({ kind: 'unboxed' } & UnboxedAgent)

/** Milliseconds between two looks at the processes: nothing tells of a new one. */
const LOOK = 1000

/** Tells once of each agent that runs in this project without a box. */
function unboxedTeller({ dirs, project }: Situation, tell: (event: Told) => void): () => void {
  let known = new Set<number>()
  return () => {
    const here = unboxedAgents(dirs.state).filter(({ cwd }) => isWithin(cwd, project.root))
    for (const agent of here) if (!known.has(agent.pid)) tell({ kind: 'unboxed', ...agent })
    known = new Set(here.map(({ pid }) => pid))
  }
}

function textOf(event: Told, root: string): string {
  switch (event.kind) {
    case 'ready':
      return `watching     ${shown(root)}: ${event.masks} masked, ${event.directories} directories${event.polled > 0 ? `, ${event.polled} of them polled` : ''}`
    case 'masked':
    case 'unmasked':
    case 'redacted':
      return `${event.kind.padEnd(12)} ${shown(event.path.startsWith(`${root}/`) ? event.path.slice(root.length + 1) : event.path)} (${shown(event.pattern)})`
    case 'unboxed':
      return `unboxed      ${shown(event.agent)} (process ${event.pid}) runs without a box in ${shown(event.cwd)}`
    case 'degraded':
      return `degraded     ${shown(event.reason)}`
  }
}
