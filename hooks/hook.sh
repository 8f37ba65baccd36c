#!/bin/sh
# agentbox-hook-v1 @NAME@
# Keeps agentbox's masks and policy in step with the work tree, and secrets out of commits. `agentbox hooks
# uninstall` removes this file and puts back what was here. AGENTBOX=0 skips it.
name='@NAME@'
node=@NODE@
agentbox=@AGENTBOX@
old="${0%/*}/$name.agentbox-old"
status=0

# What git says on standard input is for both, the hook that was here before and agentbox.
case $name in
pre-push | post-rewrite)
  input=$(cat; printf x)
  input=${input%x}
  feed() { printf '%s' "$input" | "$@"; }
  ;;
*)
  feed() { "$@"; }
  ;;
esac

if [ -x "$old" ]; then
  feed "$old" "$@" || status=$?
  case $name in
  pre-*) [ "$status" -eq 0 ] || exit "$status" ;;
  esac
fi

[ "${AGENTBOX-}" != 0 ] || exit "$status"
# Programs with windows start git without the shell's PATH, so where agentbox was comes first.
if [ -x "$node" ] && [ -f "$agentbox" ]; then
  set -- "$node" "$agentbox" hook "$name" "$@"
elif command -v agentbox >/dev/null 2>&1; then
  set -- agentbox hook "$name" "$@"
else
  exit "$status"
fi

case $name in
pre-*) feed "$@" ;;
*)
  # git would return this hook's status although everything is done.
  feed "$@" || :
  exit "$status"
  ;;
esac
