import { markdownTable } from '../config/docs.ts'
import { presets } from './rules/presets.ts'

/** The table of presets for docs/network.md, its columns padded as the formatter wants them. */
export function presetsMarkdown(): string {
  const rows = Object.entries(presets).map(([name, { about, hosts }]) => [
    `\`@${name}\``,
    about,
    hosts.map((host) => `\`${host}\``).join(' '),
  ])
  const agent = ['`@agent`', 'the hosts that the running agent cannot work without; always in', 'its profile']
  return markdownTable(['preset', 'for', 'hosts'], [agent, ...rows])
}
