import { agents } from '../policy/agents/index.ts'
import { both, checkText, type Check } from './text.ts'

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/
const VARIABLES = /^[A-Za-z_][A-Za-z0-9_]{2,}\*$/

export function checkVariable(name: string): string | undefined {
  return VARIABLE.test(name) ? undefined : 'is not a variable name (letters, digits and _)'
}

/** A name, or a prefix of at least three characters with `*` at its end. */
export function checkPass(name: string): string | undefined {
  if (/^AGENTBOX/i.test(name)) return "is agentbox's own"
  if (VARIABLE.test(name) || VARIABLES.test(name)) return undefined
  if (/^.{0,2}\*$/.test(name)) return 'passes too much: give at least three characters before the *'
  if (name.includes('*')) return 'may have one *, and only at the end'
  return checkVariable(name)
}

/**
 * Variables that decide which program runs, where its traffic goes or whose credentials it uses. A
 * repository may not set them. No such list is complete; the box is what holds, this stops the known ways
 * of turning an agent against its user (a base URL that receives the user's key, a preloaded library).
 */
export const steeringVariables = [
  ...'PATH HOME SHELL ENV IFS CDPATH TMPDIR TMP TEMP USER LOGNAME EDITOR VISUAL PAGER BROWSER'.split(' '),
  ...'BASH_ENV BASH_FUNC_* BASHOPTS SHELLOPTS PROMPT_COMMAND PS4 ZDOTDIR TERMINFO* LOCPATH NLSPATH'.split(
    ' ',
  ),
  ...'LD_* GCONV_PATH GLIBC_TUNABLES MALLOC_* HOSTALIASES RESOLV_* LOCALDOMAIN GETCONF_DIR'.split(' '),
  ...'NODE_OPTIONS NODE_EXTRA_CA_CERTS NODE_PATH NODE_REPL_* NODE_TLS_* NODE_USE_* NPM_CONFIG_*'.split(' '),
  ...'PYTHONSTARTUP PYTHONPATH PYTHONHOME PYTHONINSPECT PYTHONUSERBASE PERL5* PERLLIB RUBYOPT RUBYLIB'.split(
    ' ',
  ),
  ...'JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH DOTNET_STARTUP_HOOKS LUA_INIT*'.split(' '),
  ...'GIT_* SSH_* GPG_* GNUPGHOME DBUS_* SUDO_* LESSOPEN LESSCLOSE MANPAGER *ASKPASS BUN_* DENO_*'.split(' '),
  ...'SSL_* *_CA_BUNDLE *_CA_CERTIFICATE *_PROXY *_BASE_URL *_API_URL *_ENDPOINT DOCKER_* KUBECONFIG'.split(
    ' ',
  ),
  ...'*_API_KEY *_TOKEN *_SECRET *_PASSWORD *_CREDENTIALS AWS_* AZURE_* GOOGLE_* AGENTBOX* XDG_*'.split(' '),
  ...'CODEX_* GEMINI_* OPENCODE_* COPILOT_* CLAUDE_* ANTHROPIC_* OPENAI_* QWEN_* PI_* CLINE_*'.split(' '),
]

/** For `env.set` of a repository. Agents' variables are steering too: they are in the profiles. */
export const checkRepoVariable: Check = both(checkVariable, (name) =>
  isSteering(name.toUpperCase())
    ? 'decides what runs, where traffic goes or which credentials are used: a repository may not set it'
    : undefined,
)

function isSteering(name: string): boolean {
  const ofAgents = agents.flatMap((agent) => [...agent.env, ...Object.keys(agent.set)])
  return [...steeringVariables, ...ofAgents].some((pattern) => {
    if (pattern.endsWith('*')) return name.startsWith(pattern.slice(0, -1))
    return pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : name === pattern
  })
}

/** A value may be empty or have several lines; only what `execve` cannot carry is refused. */
export function checkVariableValue(value: string): string | undefined {
  return value.includes('\0') ? 'contains a NUL byte' : undefined
}

const UNITS: Record<string, number> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/** Bytes of `8G`, `512M` or a plain number; undefined if it is neither. */
export function bytesOf(size: string | number): number | undefined {
  const match = /^(\d{1,15})([KMGT]?)$/i.exec(String(size))
  if (!match) return undefined
  const bytes = Number(match[1]) * UNITS[match[2]!.toUpperCase()]!
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

export function checkSize(least: string): (size: string | number) => string | undefined {
  return (size) => {
    const bytes = bytesOf(size)
    if (bytes === undefined) return 'is not a size: write 8G, 512M or a number of bytes'
    return bytes < bytesOf(least)! ? `is too little: at least ${least}` : undefined
  }
}

export const checkAgent: Check = both(checkText, (name) =>
  agents.some((agent) => agent.name === name) ? undefined : 'is not an agent that agentbox knows',
)

/** Shells, and whatever stands before an agent, must stay what they are; a shim is found by its plain name. */
const NO_SHIM = new Set('agentbox agentbox-wrap sh bash zsh fish dash env sudo node git bwrap'.split(' '))

export function checkCommand(name: string): string | undefined {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}$/.test(name)) return 'is not a name of a command'
  return NO_SHIM.has(name) ? 'cannot have a shim: every program would go through it' : undefined
}

export function agentNames(): string[] {
  return agents.map((agent) => agent.name)
}
