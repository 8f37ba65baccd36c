/** What the boxes of `verify` run. The comments are for who meets them in `agentbox log`. */
export const scripts = {
  /** Visible in every box, and a program of its own: see native/probe.c. */
  probe: 'exec /run/agentbox/init probe # agentbox verify',
  killed: 'echo up; sleep 30 # agentbox verify kills it',
} as const

export const commandOf = (script: string): [string, ...string[]] => ['sh', '-c', script]

/** Whether a session's command is one of them. */
export function isOfVerify(command: readonly string[]): boolean {
  return Object.values(scripts).some((script) => commandOf(script).join('\0') === command.join('\0'))
}
