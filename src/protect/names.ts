import { nameOf } from '../host/paths.ts'
import { joined, sieveOf } from '../masks/sieve.ts'
import { unwatchedNames } from './repositories.ts'
import { nameTable, type Runners } from './table.ts'

/**
 * What runs or steers later, outside the box, without anybody having said so: read-only where it exists, moved to
 * quarantine where it appears. Pure data; every entry says who would execute it.
 */
export const protectedNames: Runners = {
  agentbox: ['.agentboxrc', '.agentboxrc.yaml', '.agentboxrc.yml', '.agentboxrc.json'],
  direnv: ['.envrc', '.envrc.*'],
  autoenv: ['.autoenv', '.autoenv.zsh', '.autoenv_leave.zsh'],

  // Agents: hooks, MCP servers, commands, settings.
  'Claude Code (MCP servers)': ['.mcp.json'],
  'Claude Code (hooks, settings, commands)': ['.claude', '.claude-plugin'],
  'agents (skills)': ['.agents'],
  Codex: ['.codex'],
  'Gemini CLI': ['.gemini'],
  'Qwen Code': ['.qwen'],
  Cursor: ['.cursor', '.cursorrules'],
  'Copilot (hooks, agents, language servers)': [
    '.github/hooks',
    '.github/agents',
    '.github/skills',
    '.github/prompts',
    '.github/chatmodes',
    '.github/copilot',
    '.github/extensions',
    '.github/lsp.json',
    '.github/mcp.json',
  ],
  OpenCode: ['.opencode', 'opencode.json', 'opencode.jsonc'],
  pi: ['.pi'],
  Windsurf: ['.windsurf', '.windsurfrules'],
  Kiro: ['.kiro'],
  Cline: ['.cline', '.clinerules'],
  'Roo Code': ['.roo', '.roorules', '.roomodes'],
  'Kilo Code': ['.kilocode', '.kilocodemodes', '.kilo'],
  Crush: ['.crush.json', 'crush.json'],
  Factory: ['.factory'],
  aider: ['.aider.conf.yml'],
  Amp: ['.amp'],
  Goose: ['.goose'],
  Continue: ['.continue', '.continuerc.json'],
  Augment: ['.augment'],
  OpenHands: ['.openhands'],
  Junie: ['.junie'],
  Trae: ['.trae'],
  Warp: ['.warp'],
  'Amazon Q': ['.amazonq'],
  'Antigravity (rules, workflows, skills)': ['.agent/rules', '.agent/workflows', '.agent/skills'],
  'CodeBuddy (hooks, MCP servers)': ['.codebuddy'],
  'iFlow CLI': ['.iflow'],
  'Grok CLI': ['.grok'],
  'Mistral Vibe (hooks, MCP servers)': ['.vibe'],

  // Editors: tasks, language servers, local settings.
  'VS Code (tasks, settings)': ['.vscode', '*.code-workspace'],
  'JetBrains IDEs (run configurations)': ['.idea', '.run', '.fleet', '*.ipr', '*.iws'],
  'Zed (tasks)': ['.zed'],
  'Helix (language servers)': ['.helix'],
  'Sublime Text (build systems)': ['*.sublime-project'],
  'Kate (build commands, language servers)': ['.kateproject'],
  Nova: ['.nova'],
  'Eclipse (builders)': ['.externalToolBuilders'],
  'Emacs (local variables)': ['.dir-locals.el', '.dir-locals-2.el'],
  'Neovim (exrc)': ['.nvim.lua', '.nvimrc', '.lazy.lua'],
  vi: ['.exrc'],
  'vim (exrc)': ['.vimrc', '_vimrc', '.gvimrc', '.lvimrc', '.local.vimrc'],
  'coc.nvim (language servers)': ['.vim'],
  YouCompleteMe: ['.ycm_extra_conf.py'],
  'dev containers': ['.devcontainer', '.devcontainer.json'],

  // Version control.
  'husky (git hooks)': ['.husky', '.huskyrc', '.huskyrc.*'],
  // It takes what it finds first, and obeys its local file beside any other.
  'lefthook (git hooks)': ['lefthook', '.lefthook', 'lefthook-local', '.lefthook-local'].flatMap((name) =>
    ['yml', 'yaml', 'toml', 'json'].map((type) => `${name}.${type}`),
  ),
  'pre-commit (git hooks)': ['.pre-commit-config.yaml', '.pre-commit-config.yml', 'prek.toml'],
  'overcommit (git hooks)': ['.overcommit.yml', '.local-overcommit.yml', '.git-hooks'],
  'git (hooks, where core.hooksPath names it)': ['.githooks'],
  'hk (git hooks)': ['hk.pkl', 'hk.local.pkl'],
  'CaptainHook (git hooks)': ['captainhook.json', 'captainhook.config.json'],
  'GrumPHP (git hooks)': ['grumphp.yml', 'grumphp.yml.dist'],
  'git submodule': ['.gitmodules'],
  'git (when included)': ['.gitconfig'],
  'git lfs (where it sends files)': ['.lfsconfig'],
  'Mercurial (hooks)': ['hgrc', 'hgrc-not-shared'],
  'Jujutsu (config)': ['.jj/repo/config.toml', '.jj/config.toml'],
  'Sapling (hooks)': ['.sl/config'],
  'Darcs (hooks)': ['_darcs/prefs/defaults'],

  // Tools that a shell, an editor or any command starts from here.
  npm: ['.npmrc'],
  Yarn: ['.yarnrc', '.yarnrc.yml', '.yarn/releases', '.yarn/plugins', '.yarn/sdks'],
  pnpm: ['.pnpmfile.cjs', '.pnpmfile.mjs'],
  mise: [
    'mise.toml',
    'mise.*.toml',
    '.mise.toml',
    '.mise.*.toml',
    '.miserc.toml',
    '.mise',
    'mise/config.toml',
    'mise/config.*.toml',
    'mise/conf.d',
    '.config/mise',
    '.config/mise.toml',
    '.config/mise.*.toml',
    '.config/miserc.toml',
  ],
  'asdf, mise': ['.tool-versions'],
  'cargo, rust-analyzer': ['.cargo/config', '.cargo/config.toml', 'rust-toolchain', 'rust-toolchain.toml'],
  bundler: ['.bundle/config'],

  // Shells and prompts, which read what lies where they are started.
  bash: ['.bashrc', '.bash_profile', '.bash_login', '.bash_logout', '.bash_aliases'],
  'login shells': ['.profile'],
  zsh: ['.zshrc', '.zshenv', '.zprofile', '.zlogin', '.zlogout'],
  fish: ['.config/fish'],
  R: ['.Rprofile', '.Renviron', '.RData'],
  irb: ['.irbrc'],
  pry: ['.pryrc'],
  pdb: ['.pdbrc'],
  gdb: ['.gdbinit'],
  lldb: ['.lldbinit'],
  'the Perl debugger': ['.perldb'],
  GHCi: ['.ghci'],
  ocaml: ['.ocamlinit'],
  Erlang: ['.erlang'],
  iex: ['.iex.exs'],
  Octave: ['.octaverc'],
}

const table = nameTable(protectedNames)

/** Who would run what stands at a path, if it is protected by its name; `link`: a symbolic link stands there. */
export function protectionOf(path: string, link: boolean): string | undefined {
  return link ? table.findLink(path) : table.find(path)
}

/** The same for everything that is moved away, a `.git` too. */
export function isProtected(path: string, link: boolean): boolean {
  return nameOf(path) === '.git' || protectionOf(path, link) !== undefined
}

/** True for the base name of whatever is protected, and for some more. */
export const protectedSieve = joined(table.sieve, sieveOf(['.git']))

/** The same for all that a scan finds for the sake of protection: what makes a repository, and what is not searched. */
export const scannedSieve = joined(protectedSieve, unwatchedNames, sieveOf(['HEAD']))
