import type { AgentProfile } from './types.ts'

export const codex: AgentProfile = {
  name: 'codex',
  commands: ['codex'],
  packages: ['@openai/codex'],
  marks: ['CODEX_SANDBOX', 'CODEX_SANDBOX_NETWORK_DISABLED', 'CODEX_THREAD_ID'],
  moves: [{ variable: 'CODEX_HOME', dir: '.codex' }],
  readonly: [
    '.codex/config.toml',
    '.codex/hooks.json',
    '.codex/rules',
    '.codex/AGENTS.md',
    '.codex/skills',
    '.codex/prompts',
    '.codex/plugins',
    '.codex/packages',
    // What `notify` in the settings runs.
    '.codex/*.sh',
    '.codex/*.py',
  ],
  synced: ['.codex/auth.json'],
  seeds: [],
  install: [],
  env: ['OPENAI_*', 'CODEX_API_KEY', 'CODEX_ACCESS_TOKEN', 'CODEX_HOME', 'CODEX_CA_CERTIFICATE'],
  set: {},
  system: '/etc/codex',
  // Its own sandbox needs user namespaces, which the box refuses: every command would fail.
  managed: { '/etc/codex/managed_config.toml': 'sandbox_mode = "danger-full-access"\n' },
  hosts: ['api.openai.com', 'chatgpt.com', 'auth.openai.com'],
}
