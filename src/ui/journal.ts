import type { JournalLine } from '../session/events.ts'
import { shown } from './escape.ts'

/** One event of a session as a line for people, without its line break. */
export function eventLine(event: JournalLine, project: string | undefined): string {
  return `${clock(event.at)}  ${eventText(event, project)}`
}

function clock(at: number): string {
  const date = new Date(at)
  const two = (part: number): string => String(part).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

function eventText(event: JournalLine, project: string | undefined): string {
  const path = (text: string): string =>
    shown(project !== undefined && text.startsWith(`${project}/`) ? text.slice(project.length + 1) : text)
  switch (event.kind) {
    case 'started':
      return `started      ${shown(event.command.join(' '))} in ${shown(event.project)}, ${event.masks} masked, network ${shown(event.network)}`
    case 'masked':
      return `masked       ${path(event.path)} (${event.how}; ${shown(event.pattern)})`
    case 'redacted':
    case 'unmasked':
      return `${event.kind.padEnd(12)} ${path(event.path)}`
    case 'quarantined':
      return `quarantined  ${path(event.path)} (${shown(event.runBy)} would run it; ${shown(event.id)})`
    case 'reported':
    case 'edited':
      return `${event.kind.padEnd(12)} ${path(event.path)} (${shown(event.runBy)})`
    case 'network':
      return `${event.decision.padEnd(12)} ${shown(event.host)}:${event.port} (${shown(event.rule)}, ${shown(event.via)})${event.times === undefined ? '' : ` ×${event.times}`}`
    case 'checkout':
      return `checkout     ${shown(event.head, 100)}; looked at everything again`
    case 'policy':
      return `policy       ${path(event.file)}: ${shown(event.effect)}`
    case 'degraded':
      return `degraded     ${shown(event.part)}: ${shown(event.reason)}`
    case 'restored':
      return `restored     ${shown(event.part)}${event.stood === true ? '; the box stood still meanwhile' : ''}`
    case 'stopped':
      return `${event.how.padEnd(12)} ${shown(event.reason)}`
    case 'bypassed':
      return `bypassed     ${shown(event.command.join(' '))}, in spite of ${path(event.wanted)}`
    case 'ended':
      return `ended        ${shown(event.how)}`
    default:
      // A journal of another version of agentbox.
      return shown(JSON.stringify(event))
  }
}
