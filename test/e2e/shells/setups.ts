import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { RC, record, SHELLS, type ShellName, type World } from './world.ts'

/** How somebody's start files are, beside our line. The text goes before or behind it. */
export interface Setup {
  name: string
  before?(world: World, shell: ShellName): string
  after?(world: World, shell: ShellName): string
  /** The session is a login shell's. */
  login?: true
  /** In the login file, instead of what puts the agent's directory into PATH (/etc/profile resets it). */
  profile?(world: World): string
  prepare?(world: World): void
}

const alias = ({ bin }: World, shell: ShellName): string =>
  shell === 'fish' ? `alias claude ${bin}/claude\n` : `alias claude=${bin}/claude\n`

const put = (dirs: string, shell: ShellName): string =>
  shell === 'fish' ? `set -gx PATH ${dirs.replaceAll(':', ' ')}\n` : `export PATH=${dirs}\n`

/** As starship does it: the prompt is its own, and what was there is called from it. */
const prompt: Record<ShellName, string> = {
  bash: `OLD_COMMAND=$PROMPT_COMMAND
prompt_precmd() { local s=$?; eval "$OLD_COMMAND"; PS1="> "; return $s; }
PROMPT_COMMAND=prompt_precmd\n`,
  zsh: `prompt_precmd() { PROMPT='> ' }; setopt promptsubst; precmd_functions+=(prompt_precmd)\n`,
  fish: `function fish_prompt; command echo -n '> '; end\n`,
}

/**
 * One puts its directory first at every prompt, before our turn or (where there is a hook before the command)
 * behind it; one ends its part with a semicolon; one takes the command apart and traps DEBUG.
 */
const tools: Record<ShellName, string> = {
  bash: `_bin=BIN; _tool() { local s=$?; PATH=$_bin:\${PATH//$_bin:/}; return $s; }
PROMPT_COMMAND="_tool;$PROMPT_COMMAND"
_jump() { local s=$?; : "$PWD"; return $s; }
PROMPT_COMMAND="\${PROMPT_COMMAND%;};_jump;"
_before() { __inside=; } ; _behind() { __inside=x; } ; trap '[[ -z \${__inside-} ]] || :' DEBUG
PROMPT_COMMAND="_before"$'\\n'"$PROMPT_COMMAND"$'\\n'"_behind"
`,
  zsh: `_bin=BIN; _tool() { PATH=$_bin:\${PATH//$_bin:/} }
precmd_functions=(_tool $precmd_functions _tool)
chpwd_functions+=(_tool)
`,
  fish: `function _tool --on-event fish_prompt; set -gx PATH BIN (string match -v BIN $PATH); end
function _too --on-variable PWD; set -gx PATH BIN (string match -v BIN $PATH); end
`,
}

export const setups: readonly Setup[] = [
  { name: 'plain' },
  { name: 'alias before', before: alias },
  { name: 'alias after', after: alias },
  {
    name: 'function after',
    after: ({ bin }, shell) =>
      shell === 'fish'
        ? `function claude\n  ${bin}/claude $argv\nend\n`
        : `function claude {\n  ${bin}/claude "$@"\n}\n`,
  },
  {
    name: 'PATH reset by the profile',
    login: true,
    before: ({ bin }, shell) => put(`${bin}:/usr/local/bin:/usr/bin:/bin`, shell),
    profile: ({ bin }) => put(`${bin}:/usr/local/bin:/usr/bin:/bin`, 'bash'),
  },
  {
    name: 'shims late in PATH',
    after: ({ bin, shims }, shell) => put(`${bin}:/usr/local/bin:/usr/bin:/bin:${shims}`, shell),
  },
  {
    name: 'activated twice',
    after: ({ base }, shell) => {
      const script = path.join(base, `app/shell/activate.${shell}`)
      return `${shell === 'fish' ? 'source' : '.'} ${script}\n`
    },
  },
  {
    name: 'direnv',
    after: (_, shell) =>
      shell === 'fish' ? 'direnv hook fish | source\n' : `eval "$(direnv hook ${shell})"\n`,
    prepare({ bin, home, repo, env, write }) {
      write('repo/.envrc', `PATH_add ${bin}\nexport FROM_DIRENV=1\n`)
      spawnSync('direnv', ['allow', repo], { env: { ...env, HOME: home } })
    },
  },
  { name: 'a prompt like starship’s', after: (_, shell) => prompt[shell] },
  {
    name: 'tools like mise, zoxide and bash-preexec',
    after: ({ bin }, shell) => tools[shell].replaceAll('BIN', bin),
  },
]

/** Start files as the set-up has them, with the line where `agentbox activate --write` put it. */
export function arrange(world: World, setup: Setup, shell: ShellName): void {
  const login = { bash: 'home/.profile', zsh: 'home/.zprofile', fish: '' }[shell]
  const profile = setup.profile?.(world) ?? `export PATH=${world.bin}:$PATH\n`
  if (login !== '') world.write(login, profile)
  if (setup.before !== undefined) world.write(RC[shell], setup.before(world, shell))
  const { status, stderr } = world.agentbox('activate', '--write', ...SHELLS)
  if (status !== 0) throw new Error(stderr)
  if (setup.after !== undefined)
    fs.appendFileSync(path.join(world.base, RC[shell]), setup.after(world, shell))
  record(world)
  setup.prepare?.(world)
}
