import { unboxedAgents } from '../host/unboxed.ts'
import type { Check } from './types.ts'

export const unboxed: Check = {
  id: 'unboxed',
  about: 'agents that run now, without a box, where a policy wants one',
  run: ({ dirs }) =>
    unboxedAgents(dirs.state).map(({ pid, agent, cwd, wanted }) => ({
      check: 'unboxed',
      severity: 'error',
      problem: `${agent} (process ${pid}) runs without a box in ${cwd}, although ${wanted} wants one`,
      why: 'it can read every secret that you can, and what it writes may run later',
      mend: 'end it; agentbox doctor shells editors tells which way it may have come',
    })),
}
