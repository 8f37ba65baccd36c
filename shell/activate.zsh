# agentbox-activate-v1: sourced by zsh, from ~/.zshrc.
#
# Keeps the shims first in PATH, and aliases and functions from going around them. At a prompt where nothing
# has changed it starts no process. Every name is _agentbox_…, and is gone after `agentbox deactivate`.

# An alias of the user's own must not change what follows.
'builtin' 'typeset' '_agentbox_aliases='
[[ ! -o 'aliases' ]] || _agentbox_aliases=x
'builtin' 'setopt' 'no_aliases'

typeset -g _agentbox_data _agentbox_state _agentbox_shims
case ${XDG_DATA_HOME-} in
(/*) _agentbox_data=$XDG_DATA_HOME/agentbox ;;
(*) _agentbox_data=${HOME-}/.local/share/agentbox ;;
esac
case ${XDG_STATE_HOME-} in
(/*) _agentbox_state=$XDG_STATE_HOME/agentbox ;;
(*) _agentbox_state=${HOME-}/.local/state/agentbox ;;
esac
_agentbox_shims=$_agentbox_data/shims

# Wherever the shims were in PATH: they are at its beginning, once. Assigning PATH clears the hashed places.
function _agentbox_first {
  emulate -L zsh
  local rest=:${PATH-}:
  while [[ $rest == *":$_agentbox_shims:"* ]]; do rest=${rest/":$_agentbox_shims:"/:}; done
  rest=${rest#:}
  rest=${rest%:}
  export PATH=$_agentbox_shims${rest:+:$rest}
}
[[ ${PATH-} == "$_agentbox_shims:"* ]] || _agentbox_first

# The rest is for people.
if [[ -o interactive ]]; then

typeset -ga _agentbox_names _agentbox_found
typeset -gA _agentbox_old_aliases _agentbox_old_functions
typeset -g _agentbox_pwd= _agentbox_git= _agentbox_stale= _agentbox_linked=
_agentbox_names=()
_agentbox_found=()
if [[ -r $_agentbox_shims/.names ]]; then
  while IFS= read -r _agentbox_name; do _agentbox_names+=("$_agentbox_name"); done <"$_agentbox_shims/.names"
fi
unset _agentbox_name

function _agentbox_say {
  [[ -n ${AGENTBOX_QUIET-} ]] || print -ru2 -- "agentbox  $1"
}

# An alias that ends in a plain `claude` finds the shim. One that names a file is pointed at the shim, which
# is told of the file; anything else would go around it.
function _agentbox_alias { # name
  local name=$1 text=${aliases[$1]} rest before= word
  rest=$text
  while :; do
    rest=${rest#"${rest%%[![:space:]]*}"}
    word=${rest%%[[:space:]]*}
    case $word in
    ("$name" | "\\$name") return 0 ;;
    (*[\'\"\`\$\(\;\&\|]*) break ;;
    ([A-Za-z_]*=* | command | exec | nohup | time | noglob | nocorrect) before+="$word " rest=${rest#"$word"} ;;
    (*) break ;;
    esac
  done
  : "${_agentbox_old_aliases[$name]=$text}"
  case $word in
  (*[\'\"\`\(\;\&\|]*) ;;
  (/*/"$name" | '~/'*/"$name" | '$HOME/'*/"$name")
    builtin alias -- "$name=${before}AGENTBOX_PROGRAM=$word $name${rest#"$word"}"
    return 0
    ;;
  esac
  builtin unalias -- "$name"
  _agentbox_say "the alias $name went around the box and is off in this shell (agentbox doctor)"
}

# A function that calls a plain `claude` finds the shim.
function _agentbox_function { # name
  local name=$1 text=${functions[$1]}
  if [[ $text =~ "(^|[[:space:];&|({])\\\\?${name}([[:space:];&|)]|\$)" && $text != *"/$name"* ]]; then return 0; fi
  _agentbox_old_functions[$name]=$text
  builtin unfunction -- "$name"
  _agentbox_say "the function $name went around the box and is off in this shell (agentbox doctor)"
}

# A policy on the way up, as the shim looks for it. A link on the way means that there is another way.
function _agentbox_look { # absolute directory → _agentbox_found _agentbox_git _agentbox_linked
  local dir=${1%/} rc
  while :; do
    for rc in .agentboxrc .agentboxrc.yaml .agentboxrc.yml .agentboxrc.json; do
      [[ ! -e $dir/$rc && ! -L $dir/$rc ]] || _agentbox_found+=("$dir/$rc")
    done
    [[ -n $_agentbox_git || ! -e $dir/.git ]] || _agentbox_git=$dir
    [[ ! -L $dir ]] || _agentbox_linked=x
    [[ -n $dir ]] || return 0
    dir=${dir%/*}
  done
}

function _agentbox_always {
  local line
  [[ -n $_agentbox_git && -r $_agentbox_state/always ]] || return 1
  while IFS= read -r line; do
    line=${line%/}
    [[ $_agentbox_git/ != "$line"/* ]] || return 0
  done <"$_agentbox_state/always"
  return 1
}

function _agentbox_enter {
  local real
  _agentbox_pwd=$PWD _agentbox_git= _agentbox_linked= _agentbox_found=()
  _agentbox_look "$PWD"
  if [[ -n $_agentbox_linked ]]; then
    real=${PWD:A}
    _agentbox_look "$real"
  fi
  if (( $#_agentbox_found )); then
    export AGENTBOX_ACTIVE=${_agentbox_found[-1]%/*}
    [[ -n $AGENTBOX_ACTIVE ]] || AGENTBOX_ACTIVE=/
  elif _agentbox_always; then
    export AGENTBOX_ACTIVE=$_agentbox_git
  else
    unset AGENTBOX_ACTIVE
  fi
}

# agentbox says it once: a file of the same path under the state directory keeps the time. (In zsh -nt is
# false where the second file is missing.)
function _agentbox_untold { # policy
  [[ ! -e $_agentbox_state/told$1 || $1 -nt $_agentbox_state/told$1 ]]
}

function _agentbox_news {
  local policy
  [[ -z $_agentbox_stale && -z ${AGENTBOX_QUIET-} ]] || return 0
  for policy in $_agentbox_found; do
    _agentbox_untold $policy || continue
    NODE_OPTIONS= "$_agentbox_shims/.node" "$_agentbox_shims/.agentbox" activate --news -- $_agentbox_found </dev/null >&2
    ! _agentbox_untold $policy || _agentbox_stale=x
    return 0
  done
}

# In the directory of the last prompt: has a policy come or gone?
function _agentbox_changed {
  local policy
  for policy in $_agentbox_found; do [[ -e $policy || -L $policy ]] || return 0; done
  (( ! $#_agentbox_found )) || return 1
  [[ -e .agentboxrc || -e .agentboxrc.yaml || -e .agentboxrc.yml || -e .agentboxrc.json ]]
}

# What start files have made of the agents' names so far, and what has been added since.
function _agentbox_guard {
  emulate -L zsh
  [[ ${PATH-} == "$_agentbox_shims:"* ]] || _agentbox_first
  local name
  for name in $_agentbox_names; do
    (( ! $+aliases[$name] )) || _agentbox_alias $name
    (( ! $+functions[$name] )) || _agentbox_function $name
  done
}

# zsh itself keeps $? for the hooks that follow and for the prompt.
function _agentbox_precmd {
  emulate -L zsh
  _agentbox_guard
  if [[ $PWD != $_agentbox_pwd ]] || _agentbox_changed; then _agentbox_enter; fi
  (( ! $#_agentbox_found )) || _agentbox_news
  return 0
}

# Whoever changed PATH in a hook after ours, or on the way here: it is the command's turn now.
function _agentbox_preexec {
  [[ ${PATH-} == "$_agentbox_shims:"* ]] || _agentbox_first
  return 0
}

typeset -ga precmd_functions preexec_functions
[[ " ${precmd_functions[*]-} " == *' _agentbox_precmd '* ]] || precmd_functions+=(_agentbox_precmd)
[[ " ${preexec_functions[*]-} " == *' _agentbox_preexec '* ]] || preexec_functions+=(_agentbox_preexec)

_agentbox_guard

function _agentbox_deactivate {
  emulate -L zsh
  local rest=:$PATH: name
  while [[ $rest == *":$_agentbox_shims:"* ]]; do rest=${rest/":$_agentbox_shims:"/:}; done
  rest=${rest#:}
  PATH=${rest%:}
  precmd_functions=(${precmd_functions:#_agentbox_precmd})
  preexec_functions=(${preexec_functions:#_agentbox_preexec})
  for name in ${(k)_agentbox_old_aliases}; do builtin alias -- "$name=${_agentbox_old_aliases[$name]}"; done
  for name in ${(k)_agentbox_old_functions}; do functions[$name]=${_agentbox_old_functions[$name]}; done
  unset AGENTBOX_ACTIVE
  unset -m '_agentbox_*'
  unfunction -m '_agentbox_*'
  unfunction agentbox
}

function agentbox {
  if [[ ${1-} == deactivate && $# -eq 1 ]]; then _agentbox_deactivate; else command agentbox "$@"; fi
}

fi

[[ -z ${_agentbox_aliases-} ]] || 'builtin' 'setopt' 'aliases'
'builtin' 'unset' '_agentbox_aliases'
