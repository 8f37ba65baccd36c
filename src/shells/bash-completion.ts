import type { Spoken, SpokenOption } from './words.ts'
import { quoted } from './words.ts'

/** Everything is in the script: agentbox is not started at a Tab. Pure. */
export function bashCompletion(commands: readonly Spoken[]): string {
  return `# bash completion of agentbox; made by: agentbox completion bash
__agentbox_words() {
  local IFS=$' \\n'
  COMPREPLY=($(compgen -W "$1" -- "$word"))
}
# The user's own command from word $1 on: as if it stood alone, where bash-completion is there to ask.
__agentbox_command() {
  if declare -F _command_offset >/dev/null; then _command_offset "$1"
  elif [[ $COMP_CWORD -eq $1 ]]; then COMPREPLY=($(compgen -c -- "$word")); fi
}
__agentbox_complete() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} at
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    __agentbox_words ${quoted(`${names(commands)} help --help --version`)}
    return 0
  fi
  case \${COMP_WORDS[1]} in
  help) __agentbox_words ${quoted(names(commands))} ;;
${commands.map(oneCommand).join('')}  esac
  return 0
}
complete -o default -o bashdefault -F __agentbox_complete agentbox
`
}

const names = (commands: readonly Spoken[]): string => commands.map(({ name }) => name).join(' ')

function oneCommand({ name, words, takesCommand, options }: Spoken): string {
  const valued = options.filter(({ value }) => value !== undefined)
  const flags = [...options.map((option) => `--${option.name}`), '--help']
  const own = takesCommand ? delegated(valued) : ''
  const rest = [...words, ...flags].join(' ')
  return `  ${name})
${own}${valued.length === 0 ? '' : `    case $before in\n${valued.map(values).join('')}    esac\n`}    if [[ $word == -* || -n ${quoted(words.join(' '))} && $COMP_CWORD -eq 2 ]]; then __agentbox_words ${quoted(rest)}; fi
    ;;
`
}

function values({ name, choices }: SpokenOption): string {
  const what = choices.length === 0 ? '' : `__agentbox_words ${quoted(choices.join(' '))}; `
  return `    --${name}) ${what}return 0 ;;\n`
}

function delegated(valued: readonly SpokenOption[]): string {
  const skip =
    valued.length === 0 ? '' : `      ${valued.map(({ name }) => `--${name}`).join(' | ')}) ((at++)) ;;\n`
  return `    for ((at = 2; at < COMP_CWORD; at++)); do
      case \${COMP_WORDS[at]} in
      --) ((at++)); break ;;
${skip}      -*) ;;
      *) break ;;
      esac
    done
    if [[ $at -lt $COMP_CWORD || $at -eq $COMP_CWORD && ($word != -* || $before == --) ]]; then
      __agentbox_command "$at"
      return 0
    fi
`
}
