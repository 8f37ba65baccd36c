import type { Spoken, SpokenOption } from './words.ts'

/** For a file `agentbox.fish` in a completions directory, or to be sourced. Pure. */
export function fishCompletion(commands: readonly Spoken[]): string {
  const running = commands.filter(({ takesCommand }) => takesCommand).map(({ name }) => name)
  return `# fish completion of agentbox; made by: agentbox completion fish
complete -c agentbox -f
complete -c agentbox -n __fish_use_subcommand -a help -d 'Help about a command'
complete -c agentbox -n __fish_use_subcommand -l version -s V -d 'the version'
complete -c agentbox -l help -s h -d 'help'
${commands.map(oneCommand).join('')}complete -c agentbox -n '__fish_seen_subcommand_from help' -a ${quote(commands.map(({ name }) => name).join(' '))}
complete -c agentbox -n '__fish_seen_subcommand_from ${running.join(' ')}' -x -a '(__fish_complete_subcommand --fcs-skip=2)'
`
}

function oneCommand({ name, summary, words, files, options, takesCommand }: Spoken): string {
  const here = `complete -c agentbox -n '__fish_seen_subcommand_from ${name}'`
  const first = [
    ...(words.length > 0 ? [`${here} -a ${quote(words.join(' '))}\n`] : []),
    ...(files && !takesCommand ? [`${here} -F\n`] : []),
  ].join('')
  return `complete -c agentbox -n __fish_use_subcommand -a ${name} -d ${quote(summary)}
${first}${options.map((option) => `${here} ${oneOption(option)}\n`).join('')}`
}

function oneOption({ name, short, about, value, choices }: SpokenOption): string {
  const what = value === undefined ? '' : choices.length === 0 ? ' -r' : ` -x -a ${quote(choices.join(' '))}`
  return `-l ${name}${short === undefined ? '' : ` -s ${short}`}${what} -d ${quote(about)}`
}

const quote = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`
