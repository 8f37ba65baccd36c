import type { Command } from '../commands/types.ts'
import { table } from './table.ts'

export function programHelp(commands: readonly Command[]): string {
  return [
    'agentbox – coding agents in a bubblewrap sandbox\n',
    '\nUsage\n  agentbox COMMAND [OPTIONS]\n',
    '\nCommands\n',
    indent(
      table(commands.filter(({ hidden }) => hidden !== true).map(({ name, summary }) => [name, summary])),
    ),
    '\nOptions\n  -h, --help     this text; after a command, its own\n  -V, --version  the version\n',
    '\nExamples\n  agentbox run -- claude\n  agentbox masks\n  agentbox plan -- claude > box.sh\n',
  ].join('')
}

export function commandHelp({ name, usage, summary, options, examples }: Command): string {
  const rows = Object.entries(options).map(([option, { type, short, value, about }]) => [
    `${short === undefined ? '' : `-${short}, `}--${option}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}`,
    about,
  ])
  return [
    `${summary}\n`,
    `\nUsage\n  agentbox ${name}${rows.length === 0 ? '' : ' [OPTIONS]'}${usage === '' ? '' : ` ${usage}`}\n`,
    '\nOptions\n',
    indent(table([...rows, ['-h, --help', 'this text']])),
    '\nExamples\n',
    examples.map((example) => `  ${example}\n`).join(''),
  ].join('')
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ')
}
