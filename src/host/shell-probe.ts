import { execFile } from 'node:child_process'

/** How a shell finds a command, before and after what it does at a prompt. */
export interface Resolution {
  name: string
  /** `file` and its path, or what stands before every file; `nothing` if it finds none. */
  kind: 'file' | 'alias' | 'function' | 'nothing'
  path: string
  /** What an alias or a function says, on one line. */
  text: string
}

export interface ProbedShell {
  before: Resolution[]
  /** Undefined where the shell is not activated: then its prompt changes nothing. */
  after: Resolution[] | undefined
}

/** Milliseconds for somebody's start files. */
const PATIENCE = 8000
const MARK = '@agentbox@'

const POSIX = (look: string, hook: string): string => `
_look() { for n in $NAMES; do ${look}; done; }
_look before
if ${hook}; then _agentbox_guard >/dev/null 2>&1; _look after; fi`

const SCRIPTS: Record<string, string> = {
  bash: POSIX(
    `text=$(declare -f -- "$n"); text="\${BASH_ALIASES[$n]-} $text"
printf '${MARK}%s|%s|%s|%s|%s\\n' "$1" "$n" "$(type -t -- "$n")" "$(type -P -- "$n")" "\${text//$'\\n'/ }"`,
    'case $(declare -p 2>/dev/null) in *_agentbox_prompt*) true ;; *) false ;; esac',
  ),
  zsh: `setopt shwordsplit no_aliases\n${POSIX(
    `text="\${aliases[$n]-} \${functions[$n]-}"
printf '${MARK}%s|%s|%s|%s|%s\\n' "$1" "$n" "\${$(whence -w -- "$n")##*: }" "$(whence -p -- "$n")" "\${text//$'\\n'/ }"`,
    '(( $+functions[_agentbox_precmd] && $precmd_functions[(I)_agentbox_precmd] ))',
  )}`,
  fish: `
function _look
  for n in (string split ' ' $NAMES)
    set -l text (functions --no-details -- $n 2>/dev/null | string join ' ')
    printf '${MARK}%s|%s|%s|%s|%s\\n' $argv[1] $n "$(type -t -- $n 2>/dev/null)" "$(command -s -- $n)" "$text"
  end
end
_look before
if functions -q _agentbox_guard; _agentbox_guard >/dev/null 2>&1; _look after; end`,
}

/**
 * Starts one of the user's shells as a log-in or a terminal would, with its start files, and asks it for
 * the commands. Undefined if it does not answer in time. Has no terminal, so it cannot take ours.
 */
export async function probe(
  shell: string,
  flags: readonly string[],
  names: readonly string[],
  env: Record<string, string>,
): Promise<ProbedShell | undefined> {
  const text = await output(shell, [...flags, '-c', SCRIPTS[shell]!], { ...env, NAMES: names.join(' ') })
  if (text === undefined) return undefined
  const [before, after] = ['before', 'after'].map((when) => resolutions(text, when))
  if (before!.length === 0) return undefined
  return { before: before!, after: after!.length === 0 ? undefined : after! }
}

function resolutions(text: string, when: string): Resolution[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${MARK}${when}|`))
    .map((line) => {
      const [, name = '', said = '', path = '', ...text] = line.split('|')
      return { name, kind: kindOf(said), path, text: text.join('|') }
    })
}

function kindOf(said: string): Resolution['kind'] {
  if (said === 'alias' || said === 'function') return said
  return said === 'file' || said === 'command' || said === 'hashed' ? 'file' : 'nothing'
}

function output(shell: string, args: string[], env: Record<string, string>): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { env, cwd: '/', timeout: PATIENCE, killSignal: 'SIGKILL' as const, maxBuffer: 2 ** 20 }
    // A session of its own: an interactive shell would stop whoever shares a terminal with it.
    const child = execFile('setsid', ['-w', shell, ...args], options, (error, stdout) => {
      resolve(error !== null && error.killed === true ? undefined : stdout)
    })
    child.stdin?.end()
  })
}
