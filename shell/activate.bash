# agentbox-activate-v1: sourced by bash, from ~/.bashrc.
#
# Keeps the shims first in PATH, and aliases and functions from going around them. At a prompt where nothing
# has changed it starts no process. Every name is _agentbox_…, and is gone after `agentbox deactivate`.

case ${XDG_DATA_HOME-} in
/*) _agentbox_data=$XDG_DATA_HOME/agentbox ;;
*) _agentbox_data=${HOME-}/.local/share/agentbox ;;
esac
case ${XDG_STATE_HOME-} in
/*) _agentbox_state=$XDG_STATE_HOME/agentbox ;;
*) _agentbox_state=${HOME-}/.local/state/agentbox ;;
esac
_agentbox_shims=$_agentbox_data/shims

# Wherever the shims were in PATH: they are at its beginning, once. Assigning PATH clears the hashed places.
_agentbox_first() {
  local rest=:${PATH-}:
  while [[ $rest == *":$_agentbox_shims:"* ]]; do rest=${rest/":$_agentbox_shims:"/:}; done
  rest=${rest#:} rest=${rest%:}
  export PATH=$_agentbox_shims${rest:+:$rest}
}
[[ ${PATH-} == "$_agentbox_shims:"* ]] || _agentbox_first

# The rest is for people. An alias of the user's own must not change what follows.
if [[ $- == *i* ]]; then

\shopt -q expand_aliases && _agentbox_aliases=x
\shopt -u expand_aliases

_agentbox_names=()
if [[ -r $_agentbox_shims/.names ]]; then
  while IFS= read -r _agentbox_name; do _agentbox_names+=("$_agentbox_name"); done <"$_agentbox_shims/.names"
fi
unset _agentbox_name
declare -A _agentbox_old_aliases=() _agentbox_old_functions=() _agentbox_judged=()
_agentbox_pwd= _agentbox_git= _agentbox_stale=
_agentbox_found=()

_agentbox_say() {
  [[ -n ${AGENTBOX_QUIET-} ]] || printf 'agentbox  %s\n' "$1" >&2
}

# An alias that ends in a plain `claude` finds the shim. One that names a file is pointed at the shim, which
# is told of the file; anything else would go around it.
_agentbox_alias() { # name
  local name=$1 text=${BASH_ALIASES[$1]} rest before= word
  rest=$text
  while :; do
    rest=${rest#"${rest%%[![:space:]]*}"}
    word=${rest%%[[:space:]]*}
    case $word in
    "$name" | "\\$name") return 0 ;;
    *[\'\"\`\$\(\;\&\|]*) break ;;
    [A-Za-z_]*=* | command | exec | nohup | time) before+="$word " rest=${rest#"$word"} ;;
    *) break ;;
    esac
  done
  : "${_agentbox_old_aliases[$name]=$text}"
  case $word in
  *[\'\"\`\(\;\&\|]*) ;;
  /*/"$name" | '~/'*/"$name" | '$HOME/'*/"$name")
    builtin alias "$name=${before}AGENTBOX_PROGRAM=$word $name${rest#"$word"}"
    return 0
    ;;
  esac
  builtin unalias "$name"
  _agentbox_say "the alias $name went around the box and is off in this shell (agentbox doctor)"
}

# A function that calls a plain `claude` finds the shim. Reading one takes a process, so each is read once.
_agentbox_function() { # name
  local name=$1 text
  [[ -z ${_agentbox_judged[$1]-} ]] || return 0
  text=$(builtin declare -f "$name")
  if [[ ${text#"$name"} =~ (^|[[:space:]\;\&\|\(\{])\\?"$name"([[:space:]\;\&\|\)]|$) && $text != *"/$name"* ]]; then
    _agentbox_judged[$name]=x
    return 0
  fi
  _agentbox_old_functions[$name]=$text
  builtin unset -f "$name"
  _agentbox_say "the function $name went around the box and is off in this shell (agentbox doctor)"
}

# A policy on the way up, as the shim looks for it. A link on the way means that there is another way.
_agentbox_look() { # absolute directory → _agentbox_found _agentbox_git linked
  local dir=${1%/} rc
  while :; do
    for rc in .agentboxrc .agentboxrc.yaml .agentboxrc.yml .agentboxrc.json; do
      [[ ! -e $dir/$rc && ! -L $dir/$rc ]] || _agentbox_found+=("$dir/$rc")
    done
    [[ -n $_agentbox_git || ! -e $dir/.git ]] || _agentbox_git=$dir
    [[ ! -L $dir ]] || linked=x
    [[ -n $dir ]] || return 0
    dir=${dir%/*}
  done
}

_agentbox_always() {
  local line
  [[ -n $_agentbox_git && -r $_agentbox_state/always ]] || return 1
  while IFS= read -r line; do
    line=${line%/}
    [[ $_agentbox_git/ != "$line"/* ]] || return 0
  done <"$_agentbox_state/always"
  return 1
}

_agentbox_enter() {
  local linked= policy
  _agentbox_pwd=$PWD _agentbox_git= _agentbox_found=()
  _agentbox_look "$PWD"
  if [[ -n $linked ]]; then
    linked=$(builtin cd -P . && printf %sx "$PWD") && _agentbox_look "${linked%x}"
  fi
  if [[ ${#_agentbox_found[@]} -gt 0 ]]; then
    policy=${_agentbox_found[${#_agentbox_found[@]} - 1]}
    export AGENTBOX_ACTIVE=${policy%/*}
    [[ -n $AGENTBOX_ACTIVE ]] || AGENTBOX_ACTIVE=/
  elif _agentbox_always; then
    export AGENTBOX_ACTIVE=$_agentbox_git
  else
    unset AGENTBOX_ACTIVE
  fi
}

# agentbox says it once: a file of the same path under the state directory keeps the time.
_agentbox_news() {
  local policy
  [[ -z $_agentbox_stale && -z ${AGENTBOX_QUIET-} ]] || return 0
  for policy in "${_agentbox_found[@]}"; do
    [[ $policy -nt $_agentbox_state/told$policy ]] || continue
    NODE_OPTIONS= "$_agentbox_shims/.node" "$_agentbox_shims/.agentbox" activate --news -- "${_agentbox_found[@]}" </dev/null >&2 || :
    [[ ! $policy -nt $_agentbox_state/told$policy ]] || _agentbox_stale=x
    return 0
  done
}

# In the directory of the last prompt: has a policy come or gone?
_agentbox_changed() {
  local policy
  for policy in "${_agentbox_found[@]}"; do [[ -e $policy || -L $policy ]] || return 0; done
  [[ ${#_agentbox_found[@]} -eq 0 ]] || return 1
  [[ -e .agentboxrc || -e .agentboxrc.yaml || -e .agentboxrc.yml || -e .agentboxrc.json ]]
}

# What start files have made of the agents' names so far, and what has been added since.
_agentbox_guard() {
  local name
  [[ ${PATH-} == "$_agentbox_shims:"* ]] || _agentbox_first
  {
    for name in "${_agentbox_names[@]}"; do
      [[ -z ${BASH_ALIASES[$name]+x} ]] || _agentbox_alias "$name"
      if builtin declare -F "$name"; then _agentbox_function "$name"; fi
      [[ -z ${BASH_CMDS[$name]+x} || ${BASH_CMDS[$name]} == "$_agentbox_shims/$name" ]] || builtin hash -d "$name"
    done
  } >/dev/null
}

_agentbox_prompt() {
  local _agentbox_status=$?
  _agentbox_guard
  if [[ $PWD != "$_agentbox_pwd" ]] || _agentbox_changed; then _agentbox_enter; fi
  [[ ${#_agentbox_found[@]} -eq 0 ]] || _agentbox_news
  # Under set -e a status would end the shell; bash itself keeps $? for the prompt.
  [[ $- == *e* ]] || return $_agentbox_status
}

# After everybody else: direnv and mise put themselves before what is there, and PATH is theirs until then.
_agentbox_hook() {
  local - part text
  set +u # bash 5.2 calls an array of one string unbound
  for part in "${PROMPT_COMMAND[@]}"; do [[ $part != *_agentbox_prompt* ]] || return 0; done
  if [[ ${#PROMPT_COMMAND[@]} -gt 1 ]]; then
    PROMPT_COMMAND+=(_agentbox_prompt)
  else
    text=$PROMPT_COMMAND
    PROMPT_COMMAND=${text:+$text$'\n'}_agentbox_prompt
  fi
}
_agentbox_hook
_agentbox_guard

_agentbox_deactivate() {
  local - rest=:$PATH: name index part
  set +u
  while [[ $rest == *":$_agentbox_shims:"* ]]; do rest=${rest/":$_agentbox_shims:"/:}; done
  rest=${rest#:} PATH=${rest%:}
  for index in "${!PROMPT_COMMAND[@]}"; do
    part=${PROMPT_COMMAND[$index]//$'\n'_agentbox_prompt/}
    part=${part//_agentbox_prompt/:}
    if [[ $part == : ]]; then unset "PROMPT_COMMAND[$index]"; else PROMPT_COMMAND[$index]=$part; fi
  done
  for name in "${!_agentbox_old_aliases[@]}"; do builtin alias "$name=${_agentbox_old_aliases[$name]}"; done
  for name in "${!_agentbox_old_functions[@]}"; do eval "${_agentbox_old_functions[$name]}"; done
  unset AGENTBOX_ACTIVE "${!_agentbox_@}"
  unset -f agentbox _agentbox_first _agentbox_say _agentbox_alias _agentbox_function _agentbox_look \
    _agentbox_always _agentbox_enter _agentbox_news _agentbox_changed _agentbox_guard _agentbox_prompt _agentbox_hook \
    _agentbox_deactivate
}

agentbox() {
  if [[ ${1-} == deactivate && $# -eq 1 ]]; then _agentbox_deactivate; else command agentbox "$@"; fi
}

[[ -z ${_agentbox_aliases-} ]] || \shopt -s expand_aliases
unset _agentbox_aliases
fi
