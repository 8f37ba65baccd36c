import { nameOf } from '../host/paths.ts'
import type { Tally } from '../session/tally.ts'
import { shown } from './escape.ts'

/** Names in a list; the others are counted. */
const MOST = 4

/** What happened in a session, for stderr when it has ended; empty if nothing did. */
export function closingSummary(tally: Tally, project: string): string[] {
  const { appeared, replaced, restricted, quarantined, reported, edited, refused, policy, unexposed } = tally
  const relative = (path: string): string =>
    path.startsWith(`${project}/`) ? path.slice(project.length + 1) : path
  const phrase = (list: readonly string[], one: string, several: string): string[] =>
    list.length === 0
      ? []
      : [`${list.length} ${list.length === 1 ? one : several} (${names(list.map(relative))})`]
  const happened = [
    ...phrase(appeared, 'secret appeared and was masked', 'secrets appeared and were masked'),
    ...phrase(replaced, 'secret was replaced and masked again', 'secrets were replaced and masked again'),
    ...phrase(restricted, 'file masked since the policy changed', 'files masked since the policy changed'),
    ...phrase(quarantined, 'file quarantined', 'files quarantined'),
    ...phrase(reported, 'file appeared that runs outside the box', 'files appeared that run outside the box'),
    ...phrase(edited, 'file changed that you run by hand', 'files changed that you run by hand'),
  ]
  const hosts = [...refused].toSorted((a, b) => b[1] - a[1])
  const lines = [
    ...(happened.length === 0 ? [] : [happened.join(' · ')]),
    ...(hosts.length === 0 ? [] : [`refused: ${names(hosts.map(([host, count]) => `${host} ×${count}`))}`]),
    ...unexposed.map((reason) => `not exposed: ${shown(reason)}`),
    ...policy.map((text) => shown(text)),
  ]
  if (lines.length === 0) return []
  const next = [
    ...(happened.length + hosts.length > 0 ? ['agentbox log'] : []),
    ...(quarantined.length > 0 ? [`agentbox quarantine show ${shown(nameOf(quarantined[0]!))}`] : []),
  ]
  lines[lines.length - 1] += next.map((command) => ` · ${command}`).join('')
  return [`${duration(tally.ended - tally.began)} · ${lines[0]}`, ...lines.slice(1)]
}

function names(list: readonly string[]): string {
  const some = list.slice(0, MOST).map((name) => shown(name, 60))
  return [...some, ...(list.length > MOST ? [`and ${list.length - MOST} more`] : [])].join(', ')
}

export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
