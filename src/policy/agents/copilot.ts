import type { AgentProfile } from './types.ts'

export const copilot: AgentProfile = {
  name: 'copilot',
  commands: ['copilot'],
  packages: ['@github/copilot'],
  moves: [
    { variable: 'COPILOT_HOME', dir: '.copilot' },
    { variable: 'COPILOT_CACHE_HOME', dir: '.cache/copilot' },
  ],
  readonly: [
    '.copilot/mcp-config.json',
    '.copilot/settings.json',
    '.copilot/copilot-instructions.md',
    '.copilot/instructions',
    '.copilot/hooks',
    '.copilot/extensions',
    '.copilot/agents',
    '.copilot/skills',
    // Unpacked program code: seen, so that it is not unpacked again for every repository.
    '.cache/copilot/pkg',
  ],
  synced: ['.copilot/config.json'],
  seeds: [],
  install: [],
  env: ['COPILOT_*', 'GH_TOKEN', 'GITHUB_TOKEN'],
  set: {},
  system: '/etc/github-copilot',
  managed: {},
  hosts: ['api.github.com', '*.githubcopilot.com'],
}
