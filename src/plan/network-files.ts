import { codexConfig } from '../policy/credential-env.ts'
import type { Policy } from '../policy/types.ts'
import type { SandboxOp } from './ops.ts'

const SSH_CONFIG = `Host *
  ProxyCommand /run/agentbox/init connect %h %p
  StrictHostKeyChecking accept-new
`

/** Under `allow` ssh leaves by the proxy too; codex has its base URL from a file alone. */
export function networkFiles(policy: Policy): SandboxOp[] {
  if (policy.network.mode.value !== 'allow') return []
  const codex = codexConfig(policy)
  return [
    { kind: 'data', dest: '/etc/ssh/ssh_config', content: SSH_CONFIG, why: 'ssh leaves by the proxy' },
    ...(codex === undefined
      ? []
      : [
          {
            kind: 'data' as const,
            dest: '/etc/codex/config.toml',
            content: codex,
            why: 'codex is led to where its key is added',
          },
        ]),
  ]
}
