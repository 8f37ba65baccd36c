import { fail } from '../errors.ts'
import { agentboxDirs, ensurePrivateDir } from '../host/dirs.ts'
import { readHostFacts } from '../host/facts.ts'
import { projectOf } from '../session/situation.ts'
import type { JournalLine } from '../session/events.ts'
import { logDir } from '../session/journal.ts'
import { followLogs, sessionLogs, type SessionLog } from '../session/logs.ts'
import { eventLine } from '../ui/journal.ts'
import { isOfVerify } from '../verify/sessions.ts'
import type { Call, Command, Values } from './types.ts'
import { jsonText } from '../ui/escape.ts'

export const log: Command = {
  name: 'log',
  usage: '[SESSION]',
  summary: 'Show what happened in the sessions here: masks, quarantine, network',
  options: {
    all: { type: 'boolean', about: 'of every project' },
    last: { type: 'boolean', about: 'of what has been, the last session alone; none of verify' },
    follow: { type: 'boolean', short: 'f', about: 'go on with what happens from now' },
    network: { type: 'boolean', about: 'only what the network policy decided' },
    json: { type: 'boolean', about: 'a JSON object a line, with the session' },
  },
  examples: [
    'agentbox log',
    'agentbox log --last --network',
    'agentbox log --last -f',
    'agentbox log --all --json',
  ],
  run: printLog,
}

const HINT = 'those that are kept, each line with its session: agentbox log --all --json'

async function printLog({ env, values, positionals, out, talk }: Call): Promise<number> {
  const [id, ...more] = positionals
  const last = values['last'] === true
  if (more.length > 0 || (last && id !== undefined))
    fail({ code: 'usage', text: 'log takes one session, or --last', command: 'log' })
  const { home, uid } = readHostFacts(env)
  const { state } = agentboxDirs(env, home)
  const project = id === undefined && values['all'] !== true ? projectOf(env) : undefined
  const logs = sessionLogs(state).filter(
    (one) => (id === undefined || one.id === id) && (project === undefined || one.project === project),
  )
  if (id !== undefined && logs.length === 0)
    fail({ code: 'io', action: 'find', path: id, reason: 'there is no such session', hint: HINT })
  const shownLogs = last ? logs.filter(({ command }) => !isOfVerify(command)).slice(-1) : logs
  for (const one of shownLogs) out(logText(one, values))
  if (values['follow'] !== true) {
    if (shownLogs.length === 0) talk('no session has been recorded here\n')
    return 0
  }
  // Before the first session there is no place to look at.
  ensurePrivateDir(logDir(state), uid)
  return await follow(state, { id, project }, values, out)
}

function logText({ id, events, project }: SessionLog, values: Values): string {
  return events
    .filter((event) => wanted(event, values))
    .map((event) => lineOf(id, event, project, values))
    .join('')
}

function wanted(event: JournalLine, values: Values): boolean {
  return values['network'] !== true || event.kind === 'network'
}

function lineOf(session: string, event: JournalLine, project: string | undefined, values: Values): string {
  return values['json'] === true
    ? `${jsonText({ version: 1, session, ...event })}\n`
    : `${eventLine(event, project)}\n`
}

/** Until Ctrl-C: then the status is that of a program that did what it was asked. */
function follow(
  state: string,
  only: { id: string | undefined; project: string | undefined },
  values: Values,
  out: Call['out'],
): Promise<number> {
  const end = new AbortController()
  const projects = new Map(sessionLogs(state).map(({ id, project }) => [id, project]))
  followLogs(
    state,
    (id, event) => {
      if (event.kind === 'started' || event.kind === 'bypassed') projects.set(id, event.project)
      if (only.id !== undefined && only.id !== id) return
      if (only.project !== undefined && projects.get(id) !== only.project) return
      if (wanted(event, values)) out(lineOf(id, event, projects.get(id), values))
    },
    end.signal,
  )
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        end.abort()
        resolve(0)
      })
    }
  })
}
