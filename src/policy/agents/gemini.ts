import type { AgentProfile } from './types.ts'

export const gemini: AgentProfile = {
  name: 'gemini',
  commands: ['gemini'],
  packages: ['@google/gemini-cli'],
  marks: ['GEMINI_CLI'],
  moves: [{ variable: 'GEMINI_CLI_HOME', dir: '.gemini', below: '.gemini' }],
  files: [
    'GEMINI_CLI_SYSTEM_SETTINGS_PATH',
    'GEMINI_CLI_SYSTEM_DEFAULTS_PATH',
    'GEMINI_CLI_TRUSTED_FOLDERS_PATH',
  ],
  readonly: [
    '.gemini/settings.json',
    '.gemini/extensions',
    '.gemini/skills',
    '.gemini/agents',
    '.gemini/hooks',
    '.gemini/policies',
    '.gemini/commands',
    '.gemini/GEMINI.md',
    '.gemini/trustedFolders.json',
    '.gemini/.env',
  ],
  synced: ['.gemini/oauth_creds.json', '.gemini/google_accounts.json'],
  seeds: [],
  install: [],
  env: [
    'GEMINI_*',
    'GOOGLE_API_KEY',
    'GOOGLE_GENAI_USE_VERTEXAI',
    'GOOGLE_GENAI_USE_GCA',
    'GOOGLE_CLOUD_PROJECT',
    'GOOGLE_CLOUD_LOCATION',
    'GOOGLE_GEMINI_BASE_URL',
  ],
  // Its own sandbox is a container, which cannot be started inside.
  set: { GEMINI_SANDBOX: 'false' },
  system: '/etc/gemini-cli',
  managed: {},
  // The last two: a log-in by a Google account, and what renews it.
  hosts: ['generativelanguage.googleapis.com', 'cloudcode-pa.googleapis.com', 'oauth2.googleapis.com'],
}
