import type { AgentProfile } from './types.ts'

export const claude: AgentProfile = {
  name: 'claude',
  commands: ['claude'],
  packages: ['@anthropic-ai/claude-code'],
  marks: ['CLAUDECODE'],
  moves: [{ variable: 'CLAUDE_CONFIG_DIR', dir: '.claude' }],
  readonly: [
    '.claude/settings.json',
    '.claude/settings.local.json',
    '.claude/CLAUDE.md',
    '.claude/agents',
    '.claude/commands',
    '.claude/skills',
    '.claude/plugins',
    '.claude/hooks',
    '.claude/output-styles',
    '.claude/rules',
    '.claude/local',
    // What the settings run: a status line, hooks.
    '.claude/scripts',
    '.claude/*.sh',
    '.claude/*.py',
    '.claude/*.js',
    '.claude/*.mjs',
  ],
  synced: ['.claude/.credentials.json'],
  // `mcpServers` in here is executed by the next unboxed claude, so the box never writes the host's file.
  seeds: [{ path: '.claude.json', inConfigDir: '.claude.json', perProject: 'projects' }],
  install: ['.local/share/claude'],
  env: [
    'ANTHROPIC_*',
    'CLAUDE_CODE_*',
    'CLAUDE_CONFIG_DIR',
    'DISABLE_AUTOUPDATER',
    'DISABLE_TELEMETRY',
    'DISABLE_ERROR_REPORTING',
    'MAX_THINKING_TOKENS',
    'API_TIMEOUT_MS',
    'BASH_DEFAULT_TIMEOUT_MS',
    'BASH_MAX_TIMEOUT_MS',
    'MCP_TIMEOUT',
    'IS_SANDBOX',
  ],
  // Its updater would fail on the read-only installation. IS_SANDBOX lets root skip permission prompts,
  // which is what this box is for.
  set: { DISABLE_AUTOUPDATER: '1', IS_SANDBOX: '1' },
  // Its own sandbox needs user namespaces, which the box refuses: every command would fail.
  // Of the files in that directory the last one goes before the others and before managed-settings.json.
  system: '/etc/claude-code',
  managed: { '/etc/claude-code/managed-settings.d/zz-agentbox.json': '{"sandbox":{"enabled":false}}\n' },
  // The second renews a log-in by account, which lasts hours.
  hosts: ['api.anthropic.com', 'platform.claude.com'],
}
