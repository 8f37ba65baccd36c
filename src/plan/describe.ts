import type { PlanInput } from './build.ts'

/**
 * `/run/agentbox/policy.json`: the truth about the box for the agent inside, so that it need not guess why
 * a file is empty. Nothing in it is secret; paths are those inside.
 */
export function describeBox(input: PlanInput, network: string): string {
  const { policy, project, masks, protection, hidden, grants, profile } = input
  const description = {
    agentbox: 1,
    project: project.root,
    agent: profile.name,
    network: {
      mode: network,
      allow: policy.network.allow.map(({ value }) => value),
      deny: policy.network.deny.map(({ value }) => value),
      agent: profile.hosts,
    },
    home: policy.filesystem.home.value,
    masked: masks.map(({ path, look, reason }) => ({ path, look: look.kind, pattern: reason.pattern })),
    readonly: protection.readonly.map(({ path, why }) => ({ path, why })),
    hidden: hidden.map(({ path }) => path),
    granted: grants.map(({ path, access }) => ({ path, access })),
    advice:
      'Masked files hold secrets that this box does not show. Protected files are read-only. ' +
      'The user can change both in .agentboxrc; ask them.',
  }
  return `${JSON.stringify(description, null, 2)}\n`
}
