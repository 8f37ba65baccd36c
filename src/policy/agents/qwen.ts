import type { AgentProfile } from './types.ts'

export const qwen: AgentProfile = {
  name: 'qwen',
  commands: ['qwen'],
  packages: ['@qwen-code/qwen-code'],
  marks: ['QWEN_CODE'],
  moves: [
    { variable: 'QWEN_HOME', dir: '.qwen' },
    { variable: 'QWEN_RUNTIME_DIR', dir: '.qwen/runtime' },
  ],
  files: [
    'QWEN_CODE_SYSTEM_SETTINGS_PATH',
    'QWEN_CODE_SYSTEM_DEFAULTS_PATH',
    'QWEN_CODE_TRUSTED_FOLDERS_PATH',
  ],
  readonly: [
    '.qwen/settings.json',
    '.qwen/QWEN.md',
    '.qwen/extensions',
    '.qwen/skills',
    '.qwen/agents',
    '.qwen/hooks',
    '.qwen/commands',
    '.qwen/.env',
  ],
  synced: ['.qwen/oauth_creds.json'],
  seeds: [],
  install: [],
  env: ['OPENAI_*', 'QWEN_*', 'DASHSCOPE_API_KEY'],
  // Its own sandbox is a container, which cannot be started inside.
  set: { QWEN_SANDBOX: 'false', GEMINI_SANDBOX: 'false' },
  system: '/etc/qwen-code',
  managed: {},
  hosts: ['dashscope.aliyuncs.com', 'chat.qwen.ai', 'portal.qwen.ai'],
}
