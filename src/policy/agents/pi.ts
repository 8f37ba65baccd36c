import type { AgentProfile } from './types.ts'

export const pi: AgentProfile = {
  name: 'pi',
  commands: ['pi'],
  packages: ['@mariozechner/pi-coding-agent'],
  moves: [
    { variable: 'PI_CODING_AGENT_DIR', dir: '.pi/agent' },
    { variable: 'PI_CODING_AGENT_SESSION_DIR', dir: '.pi/agent/sessions' },
  ],
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
  bases: {
    path: '.pi/agent/models.json',
    builtIn: {
      anthropic: 'https://api.anthropic.com',
      openai: 'https://api.openai.com/v1',
      google: 'https://generativelanguage.googleapis.com/v1beta',
      openrouter: 'https://openrouter.ai/api/v1',
    },
  },
  hosts: ['api.anthropic.com', 'api.openai.com', 'generativelanguage.googleapis.com', 'openrouter.ai'],
}
