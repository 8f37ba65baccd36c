import type { AgentProfile } from './types.ts'

/** Any other command: the plain box, with no state, no credentials and no hosts of its own. */
export const generic: AgentProfile = {
  name: 'generic',
  commands: [],
  readonly: [],
  synced: [],
  seeds: [],
  install: [],
  env: [],
  set: {},
  managed: {},
  hosts: [],
}
