import { launching, running } from './table.ts'

/** The tables of docs/faults.md. */
export function page(): string {
  const rows = running.map(({ what, outcome, says }) => `- **${what}**: the box ${outcome}; ${says}.`)
  const others = launching.map(({ what, outcome, says }) => `- **${what}**: agentbox ${outcome}; ${says}.`)
  return `## While a box runs\n\n${rows.join('\n')}\n\n## At a launch\n\n${others.join('\n')}\n`
}
