import type { Unfinished } from '../../session/unfinished.ts'

/** Names in a list; the others are counted. */
const MOST = 4

/** What sessions left that were killed, for `status` and at a launch. Not yet escaped. */
export function unfinishedWords(sessions: readonly Unfinished[], project: string): string[] {
  if (sessions.length === 0) return []
  const relative = (path: string): string =>
    path.startsWith(`${project}/`) ? path.slice(project.length + 1) : path
  const all = (key: 'found' | 'left' | 'moved'): string[] => [
    ...new Set(sessions.flatMap((one) => one[key].map(relative))),
  ]
  const [rest, moved] = [[...all('found'), ...all('left')], all('moved')]
  const agents = [...new Set(sessions.map(({ agent }) => agent))].join(', ')
  const killed = `${sessions.length === 1 ? 'a session here was' : `${sessions.length} sessions here were`} killed (${agents})`
  return [
    ...(rest.length === 0
      ? []
      : [
          `${killed}; what came since and runs outside of the box: agentbox quarantine finish (or keep, if it is yours): ${list(rest)}`,
        ]),
    ...(moved.length === 0 ? [] : [`${killed}; what it had moved away: agentbox quarantine: ${list(moved)}`]),
  ]
}

function list(names: readonly string[]): string {
  const some = names.slice(0, MOST).join(', ')
  return names.length > MOST ? `${some} and ${names.length - MOST} more` : some
}
