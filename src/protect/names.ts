/**
 * What runs or steers later, outside the box, by its name in a work tree: read-only where it exists, at
 * any depth. Pure data; every entry says who would execute it.
 */
export interface ProtectedName {
  name: string
  runBy: string
}

/** It takes what it finds first, and obeys its local file beside any other. */
function lefthookNames(): ProtectedName[] {
  const names = ['lefthook', '.lefthook', 'lefthook-local', '.lefthook-local']
  return names.flatMap((name) =>
    ['yml', 'yaml', 'toml', 'json'].map((type) => ({
      name: `${name}.${type}`,
      runBy: 'lefthook (git hooks)',
    })),
  )
}

export const protectedNames: readonly ProtectedName[] = [
  { name: '.agentboxrc', runBy: 'agentbox' },
  { name: '.agentboxrc.yaml', runBy: 'agentbox' },
  { name: '.agentboxrc.yml', runBy: 'agentbox' },
  { name: '.agentboxrc.json', runBy: 'agentbox' },
  { name: '.envrc', runBy: 'direnv' },
  { name: '.mcp.json', runBy: 'Claude Code (MCP servers)' },
  { name: '.claude', runBy: 'Claude Code (hooks, settings, commands)' },
  { name: '.codex', runBy: 'Codex' },
  { name: '.gemini', runBy: 'Gemini CLI' },
  { name: '.qwen', runBy: 'Qwen Code' },
  { name: '.cursor', runBy: 'Cursor' },
  { name: '.cursorrules', runBy: 'Cursor' },
  { name: '.opencode', runBy: 'OpenCode' },
  { name: 'opencode.json', runBy: 'OpenCode' },
  { name: 'opencode.jsonc', runBy: 'OpenCode' },
  { name: '.pi', runBy: 'pi' },
  { name: '.windsurf', runBy: 'Windsurf' },
  { name: '.kiro', runBy: 'Kiro' },
  { name: '.roo', runBy: 'Roo Code' },
  { name: '.kilocode', runBy: 'Kilo Code' },
  { name: '.crush.json', runBy: 'Crush' },
  { name: 'crush.json', runBy: 'Crush' },
  { name: '.factory', runBy: 'Factory' },
  { name: '.aider.conf.yml', runBy: 'aider' },
  { name: '.vscode', runBy: 'VS Code (tasks, settings)' },
  { name: '.idea', runBy: 'JetBrains IDEs (run configurations)' },
  { name: '.zed', runBy: 'Zed (tasks)' },
  { name: '.nvim.lua', runBy: 'Neovim (exrc)' },
  { name: '.exrc', runBy: 'vi' },
  { name: '.vimrc', runBy: 'vim (exrc)' },
  { name: '_vimrc', runBy: 'vim (exrc)' },
  { name: '.gvimrc', runBy: 'vim (exrc)' },
  { name: '.nvimrc', runBy: 'Neovim (exrc)' },
  { name: '.devcontainer', runBy: 'dev containers' },
  { name: '.devcontainer.json', runBy: 'dev containers' },
  { name: '.husky', runBy: 'husky (git hooks)' },
  ...lefthookNames(),
  { name: '.pre-commit-config.yaml', runBy: 'pre-commit (git hooks)' },
  { name: '.gitmodules', runBy: 'git submodule' },
  { name: '.gitconfig', runBy: 'git (when included)' },
  { name: '.lfsconfig', runBy: 'git lfs (where it sends files)' },
  { name: 'hgrc', runBy: 'Mercurial (hooks)' },
  { name: 'hgrc-not-shared', runBy: 'Mercurial (hooks)' },
  { name: '.npmrc', runBy: 'npm' },
  { name: '.yarnrc', runBy: 'Yarn' },
  { name: '.yarnrc.yml', runBy: 'Yarn' },
  { name: '.pnpmfile.cjs', runBy: 'pnpm' },
  { name: '.pnpmfile.mjs', runBy: 'pnpm' },
  { name: '.mise.toml', runBy: 'mise' },
  { name: 'mise.toml', runBy: 'mise' },
  { name: '.mise.local.toml', runBy: 'mise' },
  { name: 'mise.local.toml', runBy: 'mise' },
  { name: '.mise', runBy: 'mise' },
  { name: '.tool-versions', runBy: 'asdf, mise' },
  { name: '.bashrc', runBy: 'bash' },
  { name: '.bash_profile', runBy: 'bash' },
  { name: '.bash_login', runBy: 'bash' },
  { name: '.profile', runBy: 'login shells' },
  { name: '.zshrc', runBy: 'zsh' },
  { name: '.zshenv', runBy: 'zsh' },
  { name: '.zprofile', runBy: 'zsh' },
  { name: '.zlogin', runBy: 'zsh' },
  { name: '.gdbinit', runBy: 'gdb' },
  { name: '.lldbinit', runBy: 'lldb' },
]

const byName = new Map(protectedNames.map((entry) => [entry.name, entry]))

/** The protection for a base name, if it has one. */
export function protectionOf(name: string): ProtectedName | undefined {
  return byName.get(name)
}

/** True for every protected base name and for `.git`; for the scan's inner loop. */
export const protectedPattern = new RegExp(
  `^(?:\\.git|${protectedNames.map(({ name }) => name.replaceAll('.', '\\.')).join('|')})$`,
)
