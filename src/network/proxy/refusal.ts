import type { Refusal } from './access.ts'

const STATUS = {
  policy: [403, 'Forbidden'],
  malformed: [400, 'Bad Request'],
  unreachable: [502, 'Bad Gateway'],
} as const

/** Status of a refusal in HTTP. */
export function statusOf({ kind }: Refusal): number {
  return STATUS[kind][0]
}

/**
 * What the agent reads. It says who can change it, and that this is not the agent. Hosts are plain ASCII
 * here, since nothing else is read as a host.
 */
export function refusalText({ kind, host, message }: Refusal): string {
  if (kind === 'malformed') return `agentbox: ${message}\n`
  if (kind === 'unreachable') return `agentbox: ${host} cannot be reached: ${message}\n`
  return [
    `agentbox: ${host} is refused: ${message}.`,
    'You are in a sandbox whose network policy decides this; no other way leads there.',
    'Only the user can allow it, outside of the sandbox:',
    `    agentbox allow-host ${host}`,
    '',
  ].join('\n')
}

/** A whole answer, for where there is no `ServerResponse`. */
export function refusalMessage(refusal: Refusal): string {
  const [status, reason] = STATUS[refusal.kind]
  const body = refusalText(refusal)
  return [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    'X-Agentbox: refused',
    '',
    body,
  ].join('\r\n')
}
