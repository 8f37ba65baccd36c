import { presets } from './rules/presets.ts'

/** The table of presets for docs/network.md, its columns padded as the formatter wants them. */
export function presetsMarkdown(): string {
  const rows = Object.entries(presets).map(([name, { about, hosts }]) => [
    `\`@${name}\``,
    about,
    hosts.map((host) => `\`${host}\``).join(' '),
  ])
  const agent = ['`@agent`', 'the hosts that the running agent cannot work without; always in', 'its profile']
  const table = [['preset', 'for', 'hosts'], agent, ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(' | ')} |\n`
  const [head = [], ...body] = table
  return `\n${line(head)}${line(
    head.map(() => '---'),
    '-',
  )}${body.map((row) => line(row)).join('')}\n`
}
