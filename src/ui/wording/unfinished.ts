import type { Unfinished } from '../../session/unfinished.ts'

/** Names in a list; the others are counted. */
const MOST = 4

export interface Part {
  problem: string
  /** What to call. */
  mend: string
  names: string
}

/** What sessions left that were killed, for `status` and at a launch. Not yet escaped. */
export function unfinishedWords(sessions: readonly Unfinished[], project: string): string[] {
  const { rest, moved } = unfinishedParts(sessions, project)
  return [rest, moved].flatMap((part) =>
    part === undefined ? [] : [`${part.problem}: ${part.mend}: ${part.names}`],
  )
}

/** The same in parts: what is still there, and what they had moved to quarantine. Not yet escaped. */
export function unfinishedParts(
  sessions: readonly Unfinished[],
  project: string,
): { rest: Part | undefined; moved: Part | undefined } {
  const relative = (path: string): string =>
    path.startsWith(`${project}/`) ? path.slice(project.length + 1) : path
  const all = (key: 'found' | 'left' | 'moved'): string[] => [
    ...new Set(sessions.flatMap((one) => one[key].map(relative))),
  ]
  const agents = [...new Set(sessions.map(({ agent }) => agent))].join(', ')
  const killed = `${sessions.length === 1 ? 'a session here was' : `${sessions.length} sessions here were`} killed (${agents})`
  const part = (names: readonly string[], what: string, mend: string): Part | undefined =>
    names.length === 0 ? undefined : { problem: `${killed}; ${what}`, mend, names: list(names) }
  return {
    rest: part(
      [...all('found'), ...all('left')],
      'what came since and runs outside of the box',
      'agentbox quarantine finish (or keep, if it is yours)',
    ),
    moved: part(all('moved'), 'what it had moved away', 'agentbox quarantine'),
  }
}

function list(names: readonly string[]): string {
  const some = names.slice(0, MOST).join(', ')
  return names.length > MOST ? `${some} and ${names.length - MOST} more` : some
}
