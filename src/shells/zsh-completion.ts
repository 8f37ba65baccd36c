import type { Spoken, SpokenOption } from './words.ts'
import { quoted } from './words.ts'

/** For a file `_agentbox` in fpath, or to be sourced. Pure. */
export function zshCompletion(commands: readonly Spoken[]): string {
  const list = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}\n`).join('')
  return `#compdef agentbox
# zsh completion of agentbox; made by: agentbox completion zsh
_agentbox() {
  local -a ours # "commands" would hide the parameter that _command_names reads
  ours=(
${list}    'help:Help about a command'
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command ours
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
  help) _describe -t commands command ours ;;
${commands.map(oneCommand).join('')}  esac
}
if [[ $funcstack[1] == _agentbox ]]; then
  _agentbox "$@"
elif (( $+functions[compdef] )); then
  compdef _agentbox agentbox
fi
`
}

function oneCommand({ name, words, files, takesCommand, options }: Spoken): string {
  const rest = takesCommand
    ? ["'(-)1:command:_command_names -e'", "'*::argument:_normal'"]
    : [
        ...(words.length > 0 ? [quoted(`1:what:(${words.join(' ')})`)] : []),
        ...(files ? ["'*:file:_files'"] : []),
      ]
  const all = [...options.map(oneOption), "'(-h --help)'{-h,--help}'[help]'", ...rest]
  return `  ${name})\n    _arguments -s -S ${all.join(' \\\n      ')}\n    ;;\n`
}

/** In the language of _arguments brackets and colons have a meaning. */
function oneOption({ name, about, value, choices }: SpokenOption): string {
  const text = about.replaceAll(/[[\]:\\]/g, '\\$&')
  const what =
    value === undefined ? '' : `:${value}:${choices.length === 0 ? '_files' : `(${choices.join(' ')})`}`
  return quoted(`--${name}[${text}]${what}`)
}
