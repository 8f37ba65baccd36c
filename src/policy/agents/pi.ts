import type { AgentProfile } from './types.ts'

export const pi: AgentProfile = {
  name: 'pi',
  commands: ['pi'],
  packages: ['@mariozechner/pi-coding-agent'],
  readonly: [
    '.pi/agent/models.json',
    '.pi/agent/settings.json',
    '.pi/agent/extensions',
    '.pi/agent/skills',
    '.pi/agent/prompts',
    '.pi/agent/AGENTS.md',
  ],
  synced: ['.pi/agent/auth.json'],
  seeds: [],
  install: [],
  env: ['ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'GEMINI_API_KEY', 'OPENROUTER_API_KEY', 'PI_*'],
  set: {},
  managed: {},
  hosts: ['api.anthropic.com', 'api.openai.com', 'generativelanguage.googleapis.com', 'openrouter.ai'],
}
