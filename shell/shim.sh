#!/bin/sh
# agentbox-shim-v1
#
# Stands in PATH under an agent's name. Where a policy file is in the current directory or above it, or the
# repository is under one of the user's `always` directories, the agent is started through agentbox;
# anywhere else the real program takes this process's place at once. When that cannot be decided, or
# agentbox cannot be started, nothing is: 125. No such agent: 127.
#
# Under the name agentbox-wrap it does the same for the program that its arguments name, as editors call
# the wrapper of an agent: `agentbox-wrap [--as NAME] PROGRAM ARGUMENT…`.
#
# The way out of a directory without a policy is made of builtins only, for it is walked at every start. Our
# variables carry a prefix, for assigning to one that the environment has would change the agent's
# environment. Nothing is ever split into words, so IFS does not matter.

# bash, where it is sh, takes functions from the environment. (unset and exec cannot be functions.)
unset -f [ test cd command printf read true 2>/dev/null
set -f

_ab_name=${0##*/}
case $0 in
*/*) _ab_self=$0 ;;
*) _ab_self=./$0 ;;
esac

_ab_given=
if [ "$_ab_name" = agentbox-wrap ]; then
  _ab_name=
  if [ "${1-}" = --as ] && [ $# -gt 1 ]; then
    _ab_name=$2
    shift 2
  fi
  if [ $# -eq 0 ] || [ -z "$1" ]; then
    printf 'agentbox: agentbox-wrap [--as NAME] PROGRAM [ARGUMENT...]\n' >&2
    exit 2
  fi
  _ab_given=$1
  shift
  # An editor may run its copy of Claude Code by a node of its own, or an adapter named after it.
  case ${_ab_name:+given}$_ab_given in
  given*) ;;
  *claude-code*) _ab_name=claude ;;
  node | */node) case ${1-} in *claude-code*) _ab_name=claude ;; *) _ab_name=node ;; esac ;;
  *) _ab_name=${_ab_given##*/} ;;
  esac
elif [ -n "${AGENTBOX_PROGRAM-}" ]; then
  # From an alias that named a file: that file, if it can be this agent.
  case $AGENTBOX_PROGRAM in
  /*/"$_ab_name") [ -f "$AGENTBOX_PROGRAM" ] && [ -x "$AGENTBOX_PROGRAM" ] && _ab_given=$AGENTBOX_PROGRAM ;;
  esac
fi
unset AGENTBOX_PROGRAM

_ab_refuse() { # lines…
  printf 'agentbox: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '          %s\n' "$@" >&2
  exit 125
}

# A path for people: directories of a repository may be called anything, terminal escapes included.
_ab_say() { # path → _ab_said
  case $1 in
  *[!A-Za-z0-9/._@%+=:,~\ -]*) _ab_said="a path with unusual characters" ;;
  *) _ab_said=$1 ;;
  esac
}

# Loops with the shims of other tools: each finds the other first, forever. A call by the very process that
# we became is suspicious early; agents that start agents may nest for longer.
_ab_guard() {
  _ab_depth=0 _ab_last=
  case ${AGENTBOX_SHIM_DEPTH-} in
  [1-9] | [1-9][0-9]) _ab_depth=$AGENTBOX_SHIM_DEPTH _ab_last=$$ ;;
  [1-9]:* | [1-9][0-9]:*) _ab_depth=${AGENTBOX_SHIM_DEPTH%%:*} _ab_last=${AGENTBOX_SHIM_DEPTH#*:} ;;
  esac
  if [ "$_ab_depth" -ge 8 ]; then
    if [ "$_ab_depth" -ge 64 ] || [ "$_ab_last" = "$$" ] || [ "$_ab_last" = "${PPID-}" ]; then
      _ab_say "$_ab_self"
      _ab_refuse "$_ab_name was not started: $_ab_depth shims in a row have called each other." \
        "Another tool's shim for $_ab_name in PATH comes back to this one: $_ab_said" \
        "see all of them: type -a $_ab_name    then remove one, or unset AGENTBOX_SHIM_DEPTH"
    fi
  fi
  AGENTBOX_SHIM_DEPTH=$((_ab_depth + 1)):$$
  export AGENTBOX_SHIM_DEPTH
}

# The current directory as the user came to it and as it is: a policy on either way up counts. Above a
# directory that cannot be searched there would seem to be none; -ef goes through all of them, and fails.
_ab_where() { # → _ab_logical (may be empty) _ab_physical
  _ab_logical=${PWD-}
  case $_ab_logical in
  /*) [ "$_ab_logical" -ef . ] || _ab_logical= ;;
  *) _ab_logical= ;;
  esac
  _ab_had_old=${OLDPWD+x} _ab_old=${OLDPWD-}
  # `pwd -P` would need a subshell. CDPATH does not apply to a dot.
  cd -P . 2>/dev/null || _ab_lost
  _ab_physical=${PWD-}
  case $_ab_physical in
  /*) [ "$_ab_physical" -ef . ] || _ab_lost ;;
  *) _ab_lost ;;
  esac
  [ -z "$_ab_logical" ] || PWD=$_ab_logical
  if [ -n "$_ab_had_old" ]; then OLDPWD=$_ab_old; else unset OLDPWD; fi
}

_ab_lost() {
  _ab_refuse "$_ab_name was not started: the current directory is gone, or it or one above it cannot be entered," \
    "so nobody can tell whether a policy applies here. Change to another directory first."
}

# All that is asked of the directories above: the nearest policy file, the nearest repository, and the
# outermost directory that holds either (the home and / are never a project).
_ab_policy=
_ab_look() { # absolute directory → _ab_policy _ab_git _ab_top
  _ab_dir=${1%/} _ab_git= _ab_top=
  while :; do
    _ab_here=
    for _ab_rc in .agentboxrc .agentboxrc.yaml .agentboxrc.yml .agentboxrc.json; do
      if [ -e "$_ab_dir/$_ab_rc" ] || [ -L "$_ab_dir/$_ab_rc" ]; then
        : "${_ab_policy:=$_ab_dir/$_ab_rc}"
        _ab_here=x
      fi
    done
    if [ -e "$_ab_dir/.git" ] || [ -L "$_ab_dir/.git" ]; then
      : "${_ab_git:=$_ab_dir/}"
      _ab_here=x
    fi
    if [ -n "$_ab_here" ] && [ -n "$_ab_dir" ]; then
      [ "$_ab_dir" -ef "${HOME:-/}" ] || _ab_top=$_ab_dir
    fi
    [ -n "$_ab_dir" ] || return 0
    _ab_dir=${_ab_dir%/*}
  done
}

# Whether a repository found on the way is under a directory that the user wants boxed always.
_ab_always() {
  [ -n "$_ab_git$_ab_git_too" ] || return 1
  case ${XDG_STATE_HOME-} in
  /*) _ab_list=$XDG_STATE_HOME/agentbox/always ;;
  *) _ab_list=${HOME-}/.local/state/agentbox/always ;;
  esac
  [ -e "$_ab_list" ] || [ -L "$_ab_list" ] || return 1
  if ! [ -f "$_ab_list" ] || ! [ -r "$_ab_list" ]; then
    _ab_say "$_ab_list"
    _ab_refuse "$_ab_name was not started: the list of directories that are always boxed cannot be read:" \
      "$_ab_said"
  fi
  _ab_found=
  while IFS= read -r _ab_line || [ -n "$_ab_line" ]; do
    case $_ab_line in /*) ;; *) continue ;; esac
    for _ab_dir in "$_ab_git" "$_ab_git_too"; do
      [ -z "$_ab_dir" ] || _ab_under "${_ab_dir%/}" "$_ab_line"
    done
  done <"$_ab_list"
  [ -n "$_ab_found" ]
}

# By inode: the list may name the directory by a link.
_ab_under() { # directory ancestor → _ab_found
  _ab_up=$1
  while :; do
    [ "$_ab_up/" -ef "$2" ] && _ab_found=x
    [ -n "$_ab_up" ] || return 0
    _ab_up=${_ab_up%/*}
  done
}

# Ours by inode under whatever name; with "closely", other installations' as well, by content. That reads a
# file byte by byte to its first newline, 7 ms in some agents' binaries, so it is left to where it matters:
# two installations that find each other meet here with AGENTBOX_SHIM_DEPTH set.
_ab_is_shim() { # file
  [ "$1" -ef "$_ab_self" ] && return 0
  [ -n "$_ab_closely" ] || return 1
  _ab_one= _ab_two=
  {
    IFS= read -r _ab_one
    case $_ab_one in '#!'*) IFS= read -r _ab_two ;; esac
  } 2>/dev/null <"$1"
  case $_ab_two in '# agentbox-shim-'*) return 0 ;; esac
  return 1
}

# The next directory of _ab_rest, a PATH with one more colon at its end.
_ab_next() { # → _ab_dir
  [ -n "$_ab_rest" ] || return 1
  _ab_dir=${_ab_rest%%:*}
  _ab_rest=${_ab_rest#*:}
}

# The program that was named, or that a shell without the shims would have found.
_ab_find() { # → _ab_real
  _ab_wanted=${_ab_given:-$_ab_name}
  case $_ab_wanted in
  */*)
    _ab_real=$_ab_wanted
    case $_ab_real in /* | ./*) ;; *) _ab_real=./$_ab_real ;; esac
    [ -f "$_ab_real" ] && [ -x "$_ab_real" ] || return 1
    _ab_is_shim "$_ab_real" || return 0
    _ab_wanted=${_ab_real##*/}
    ;;
  esac
  [ -n "${PATH-}" ] || return 1
  _ab_rest=$PATH:
  while _ab_next; do
    # The dot also keeps a name from being taken for an option.
    case $_ab_dir in
    /*) ;;
    '') _ab_dir=. ;;
    *) _ab_dir=./$_ab_dir ;;
    esac
    _ab_real=$_ab_dir/$_ab_wanted
    if [ -f "$_ab_real" ] && [ -x "$_ab_real" ] && ! _ab_is_shim "$_ab_real"; then return 0; fi
  done
  return 1
}

# Whether a path without links lies in the project: nothing of it may run outside the box.
_ab_inside() { # path
  case $1 in
  "${_ab_project:-/dev/null}"/* | "${_ab_project_too:-/dev/null}"/*) return 0 ;;
  esac
  return 1
}

_ab_without_links() { # directory → _ab_dir
  _ab_dir=
  [ -n "$1" ] || return 0
  _ab_dir=$(cd -P "$1" 2>/dev/null && printf '%sx' "$PWD") || _ab_lost
  _ab_dir=${_ab_dir%x}
}

_ab_resolve() { # path → _ab_target, without links
  _ab_target=$("$_ab_readlink" -f -- "$1" && printf x) || return 1
  _ab_target=${_ab_target%?x}
}

# A repository can put its own `node` early in PATH, and it can steer the shim of a version manager (which
# reads .tool-versions and the like): only a real node outside the project will do.
_ab_node() { # → _ab_target
  if _ab_resolve "${_ab_self%/*}/.node" && [ -f "$_ab_target" ] && [ -x "$_ab_target" ]; then return 0; fi
  _ab_rest=$PATH:
  while _ab_next; do
    case $_ab_dir in /*) ;; *) continue ;; esac
    for _ab_try in "$_ab_dir/node" "$_ab_dir/nodejs"; do
      [ -f "$_ab_try" ] && [ -x "$_ab_try" ] && _ab_resolve "$_ab_try" || continue
      case ${_ab_target##*/} in node | nodejs | node[-.0-9]* | nodejs[-.0-9]*) ;; *) continue ;; esac
      _ab_inside "$_ab_target" && continue
      _ab_one=
      IFS= read -r _ab_one <"$_ab_target"
      case $_ab_one in '#!'*) continue ;; esac
      return 0
    done
  done
  return 1
}

_ab_boxed() { # arguments of the agent…
  case $_ab_real in ./*) _ab_real=${_ab_physical%/}/${_ab_real#./} ;; esac
  for _ab_readlink in /usr/bin/readlink /bin/readlink /run/current-system/sw/bin/readlink \
    /run/current-system/profile/bin/readlink ''; do
    [ -x "$_ab_readlink" ] && break
  done
  _ab_say "$_ab_self"
  _ab_mend="or remove this shim, and with it the protection: rm $_ab_said"
  _ab_say "${_ab_policy:-${_ab_git:-$_ab_git_too}}"
  _ab_because="$_ab_name was not started: a box is wanted here ($_ab_said),"
  [ -n "$_ab_readlink" ] || _ab_refuse "$_ab_because" "but readlink is missing: install coreutils," "$_ab_mend"
  _ab_resolve "$_ab_self" || _ab_refuse "$_ab_because" "but the shim cannot find its own installation." "$_ab_mend"
  _ab_main=${_ab_target%/*/*}/dist/agentbox.cjs
  _ab_say "$_ab_main"
  [ -f "$_ab_main" ] && [ -r "$_ab_main" ] ||
    _ab_refuse "$_ab_because" "but agentbox is missing: $_ab_said" "install it again: npm install -g agentbox" "$_ab_mend"
  _ab_without_links "$_ab_top"
  _ab_project=$_ab_dir
  _ab_without_links "$_ab_top_too"
  _ab_project_too=$_ab_dir
  _ab_node ||
    _ab_refuse "$_ab_because" "but PATH has no node outside the project to run agentbox with." \
      "add one to PATH, or name one for good: agentbox shims install" "$_ab_mend"
  # A --require in it would run before agentbox does, from the project perhaps.
  [ -z "${NODE_OPTIONS+x}" ] || {
    AGENTBOX_NODE_OPTIONS=$NODE_OPTIONS
    export AGENTBOX_NODE_OPTIONS
    unset NODE_OPTIONS
  }
  if [ "${AGENTBOX_BYPASS-}" = 1 ]; then
    "$_ab_target" "$_ab_main" off --check -- "$_ab_name" || exit
    if [ -n "${AGENTBOX_NODE_OPTIONS+x}" ]; then
      NODE_OPTIONS=$AGENTBOX_NODE_OPTIONS
      export NODE_OPTIONS
      unset AGENTBOX_NODE_OPTIONS
    fi
    exec "$_ab_real" "$@"
  fi
  exec "$_ab_target" "$_ab_main" run --as "$_ab_name" -- "$_ab_real" "$@"
}

_ab_closely=${AGENTBOX_SHIM_DEPTH:+x}
_ab_guard
_ab_where
_ab_git_too= _ab_top_too=
if [ -n "$_ab_logical" ] && [ "$_ab_logical" != "$_ab_physical" ]; then
  _ab_look "$_ab_logical"
  _ab_git_too=$_ab_git _ab_top_too=$_ab_top
fi
_ab_look "$_ab_physical"
_ab_box=
if [ -n "$_ab_policy" ] || _ab_always; then _ab_box=x _ab_closely=x; fi
_ab_find || {
  printf 'agentbox: %s: command not found\n' "${_ab_given:-$_ab_name}" >&2
  exit 127
}
[ -z "$_ab_box" ] || _ab_boxed "$@"
exec "$_ab_real" "$@"
