# agentbox-activate-v1: sourced by fish, from config.fish.
#
# Keeps the shims first in PATH, and aliases and functions from going around them. At a prompt where nothing
# has changed it starts no process. Every name is _agentbox_…, and is gone after `agentbox deactivate`.

set -g _agentbox_data $HOME/.local/share/agentbox
string match -q '/*' -- "$XDG_DATA_HOME"; and set -g _agentbox_data $XDG_DATA_HOME/agentbox
set -g _agentbox_state $HOME/.local/state/agentbox
string match -q '/*' -- "$XDG_STATE_HOME"; and set -g _agentbox_state $XDG_STATE_HOME/agentbox
set -g _agentbox_shims $_agentbox_data/shims

# Wherever the shims were in PATH: they are at its beginning, once.
function _agentbox_first
    set -gx PATH $_agentbox_shims (string match -v -- $_agentbox_shims $PATH)
end
test "$PATH[1]" = $_agentbox_shims; or _agentbox_first

# Here scripts read config.fish as well, and with it the aliases of people.
set -g _agentbox_names
test -r $_agentbox_shims/.names; and read -z -g _agentbox_names <$_agentbox_shims/.names
and set _agentbox_names (string split -n \n -- $_agentbox_names)
set -g _agentbox_count (count $_agentbox_names)

function _agentbox_say
    test -n "$AGENTBOX_QUIET"; or not status is-interactive; or printf 'agentbox  %s\n' $argv[1] >&2
end

# An alias is a function here. One that calls a plain `claude` finds the shim; one that begins with a file
# is pointed at the shim, which is told of the file; anything else would go around it.
function _agentbox_function --argument-names name
    set -l text (functions --no-details -- $name | string collect)
    set -l safe (string escape --style=regex -- $name)
    if string match -qr -- "(^|[\s;&|(])(command\s+)?$safe([\s;&|)]|\$)" (string split -m 1 \n -- $text)[2]
        and not string match -q -- "*/$name*" (string split -m 1 \n -- $text)[2]
        return 0
    end
    set -g _agentbox_old_(string escape --style=var -- $name) $text
    set -l plain (string match -rg -- "^function [^\n]*\n\s*((?:~/|/|\\\$HOME/)\S*/$safe)((?:\s[^\n;&|]*)?) \\\$argv;?\s*\nend\s*\$" $text)
    functions -e -- $name
    if test (count $plain) -gt 0
        eval "function $name --wraps=$name; AGENTBOX_PROGRAM=$plain[1] command $name $plain[2] \$argv; end"
        return 0
    end
    _agentbox_say "the function $name went around the box and is off in this shell (agentbox doctor)"
end

# What start files have made of the agents' names so far, and what has been added since.
function _agentbox_guard
    test "$PATH[1]" = $_agentbox_shims; or _agentbox_first
    # The status is the number of those that are no functions: one question where there are none.
    functions -q -- $_agentbox_names
    test $status -eq $_agentbox_count; and return 0
    for name in $_agentbox_names
        functions -q -- $name; and _agentbox_function $name
    end
end
_agentbox_guard

if status is-interactive
    set -g _agentbox_found
    set -g _agentbox_pwd
    set -g _agentbox_git
    set -g _agentbox_linked
    set -e _agentbox_stale

    # A policy on the way up, as the shim looks for it. A link on the way means that there is another way.
    function _agentbox_look --argument-names dir
        set dir (string trim --right --chars=/ -- $dir | string collect)
        while true
            for rc in .agentboxrc .agentboxrc.yaml .agentboxrc.yml .agentboxrc.json
                if test -e "$dir/$rc" -o -L "$dir/$rc"
                    set -ga _agentbox_found "$dir/$rc"
                end
            end
            if test -z "$_agentbox_git" -a -e "$dir/.git"
                set -g _agentbox_git $dir
            end
            test -n "$dir"; or return 0
            test -L "$dir"; and set -g _agentbox_linked x
            set dir (string replace -r '/[^/]*\z' '' -- $dir | string collect)
        end
    end

    function _agentbox_always
        test -n "$_agentbox_git" -a -r $_agentbox_state/always; or return 1
        while read -l line
            set line (string trim --right --chars=/ -- $line)
            test (string sub -l (math (string length -- $line) + 1) -- $_agentbox_git/) = $line/; and return 0
        end <$_agentbox_state/always
        return 1
    end

    function _agentbox_enter
        set -g _agentbox_pwd $PWD
        set -g _agentbox_git
        set -g _agentbox_linked
        set -g _agentbox_found
        _agentbox_look $PWD
        if test -n "$_agentbox_linked"
            _agentbox_look (builtin realpath -- $PWD | string collect)
        end
        if test (count $_agentbox_found) -gt 0
            set -gx AGENTBOX_ACTIVE (string replace -r '/[^/]*\z' '' -- $_agentbox_found[-1] | string collect)
            test -n "$AGENTBOX_ACTIVE"; or set -gx AGENTBOX_ACTIVE /
        else if _agentbox_always
            set -gx AGENTBOX_ACTIVE $_agentbox_git
        else
            set -e AGENTBOX_ACTIVE
        end
    end

    # agentbox says it once: a file of the same path under the state directory keeps the time.
    function _agentbox_news
        set -q _agentbox_stale; and return 0
        test -z "$AGENTBOX_QUIET"; or return 0
        for policy in $_agentbox_found
            test $policy -nt $_agentbox_state/told$policy; or continue
            NODE_OPTIONS= $_agentbox_shims/.node $_agentbox_shims/.agentbox activate --news -- $_agentbox_found </dev/null >&2
            test $policy -nt $_agentbox_state/told$policy; and set -g _agentbox_stale x
            return 0
        end
    end

    # In the directory of the last prompt: has a policy come or gone?
    function _agentbox_changed
        if set -q _agentbox_found[1]
            for policy in $_agentbox_found
                test -e $policy; or test -L $policy; or return 0
            end
            return 1
        end
        test -e .agentboxrc -o -e .agentboxrc.yaml -o -e .agentboxrc.yml -o -e .agentboxrc.json
    end

    function _agentbox_prompt --on-event fish_prompt
        set -l code $status
        _agentbox_guard
        if test $PWD != "$_agentbox_pwd"; or _agentbox_changed
            _agentbox_enter
        end
        set -q _agentbox_found[1]; and _agentbox_news
        return $code
    end

    # Whoever changed PATH in a hook after ours: it is the command's turn now.
    function _agentbox_preexec --on-event fish_preexec
        test "$PATH[1]" = $_agentbox_shims; or _agentbox_first
    end

    function _agentbox_deactivate
        set -gx PATH (string match -v -- $_agentbox_shims $PATH)
        for name in $_agentbox_names
            set -l old _agentbox_old_(string escape --style=var -- $name)
            set -q $old; and eval $$old
        end
        set -e AGENTBOX_ACTIVE
        for name in (set -n | string match '_agentbox_*')
            set -e $name
        end
        functions -e agentbox (functions -a -n | string split , | string match -r '^_agentbox_.*')
    end

    function agentbox --wraps=agentbox
        if test "$argv" = deactivate
            _agentbox_deactivate
        else
            command agentbox $argv
        end
    end
end
