# agentbox-activate-v1: for start files that any POSIX shell may read (~/.profile, ~/.zshenv). Sourced.
# Puts the shims first in PATH; an interactive bash gets all of it. Leaves set -e and set -u in peace.
case ${XDG_DATA_HOME-} in
/*) _agentbox_data=$XDG_DATA_HOME/agentbox ;;
*) _agentbox_data=${HOME-}/.local/share/agentbox ;;
esac
case :${PATH-}: in
:"$_agentbox_data/shims":*) ;;
*)
  PATH=$_agentbox_data/shims${PATH:+:$PATH}
  export PATH
  ;;
esac
case ${BASH_VERSION:+$-} in
*i*) if [ -r "$_agentbox_data/activate.bash" ]; then . "$_agentbox_data/activate.bash"; fi ;;
esac
unset _agentbox_data
