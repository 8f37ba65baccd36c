import { leadingFiles } from '../policy/credential-env.ts'
import type { AgentProfile } from '../policy/agents/types.ts'
import type { Policy } from '../policy/types.ts'
import type { SandboxOp } from './ops.ts'

const SSH_CONFIG = `Host *
  ProxyCommand /run/agentbox/init connect %h %p
  StrictHostKeyChecking accept-new
`

/** Under `allow` ssh leaves by the proxy too, and an agent that has its base URL from a file is led wherever it runs. */
export function networkFiles(policy: Policy, { managed }: AgentProfile): SandboxOp[] {
  if (policy.network.mode.value !== 'allow') return []
  const leading = Object.entries(leadingFiles(policy)).filter(([path]) => !(path in managed))
  return [
    { kind: 'data', dest: '/etc/ssh/ssh_config', content: SSH_CONFIG, why: 'ssh leaves by the proxy' },
    ...leading.map(([dest, content]): SandboxOp => ({
      kind: 'data',
      dest,
      content,
      why: 'codex is led to where its key is added',
    })),
  ]
}
