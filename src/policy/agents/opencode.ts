import type { AgentProfile } from './types.ts'

export const opencode: AgentProfile = {
  name: 'opencode',
  commands: ['opencode'],
  readonly: ['.config/opencode'],
  synced: ['.local/share/opencode/auth.json'],
  seeds: [],
  install: ['.opencode/bin'],
  env: ['OPENCODE_*', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'GEMINI_API_KEY', 'OPENROUTER_API_KEY'],
  set: { OPENCODE_DISABLE_AUTOUPDATE: '1' },
  hosts: ['api.anthropic.com', 'api.openai.com', 'opencode.ai', 'openrouter.ai'],
}
