import { readRegular } from '../host/files.ts'
import type { Check, Finding } from './types.ts'

const LIMIT = 4 << 20
/** The state LISTEN in /proc/net/tcp. */
const LISTEN = '0A'

export const exposure: Check = {
  id: 'exposure',
  about: 'what network.mode: host would let an agent reach: services on loopback, abstract sockets',
  run({ situation }) {
    if (situation?.policy.network.mode.value !== 'host') return []
    const ports = listeningPorts(read('/proc/net/tcp') + read('/proc/net/tcp6'))
    const sockets = abstractSockets(read('/proc/net/unix'))
    const parts = [
      ...(ports.length === 0
        ? []
        : [`${ports.length} services listening (ports ${ports.slice(0, 8).join(', ')})`]),
      ...(sockets.length === 0
        ? []
        : [`${sockets.length} abstract sockets (${sockets.slice(0, 4).join(', ')})`]),
    ]
    return [found(parts)]
  },
}

function found(parts: readonly string[]): Finding {
  return {
    check: 'exposure',
    severity: 'warning',
    problem: `network.mode is host: the agent reaches ${[...parts, 'the local network, the internet'].join(', ')}`,
    why: 'it can use every service that trusts this machine, and send away whatever it can read',
    mend: 'network: {mode: allow} in .agentboxrc, with the hosts that are needed',
  }
}

function read(path: string): string {
  return readRegular(path, LIMIT)?.toString('latin1') ?? ''
}

/** Ports in state LISTEN of a `/proc/net/tcp` table. Exported for its test. */
export function listeningPorts(table: string): number[] {
  const ports = table.split('\n').flatMap((line) => {
    const [, local, , state] = line.trim().split(/\s+/)
    return state === LISTEN && local !== undefined ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : []
  })
  return [...new Set(ports)].toSorted((a, b) => a - b)
}

/** Names of abstract sockets of a `/proc/net/unix` table. Exported for its test. */
export function abstractSockets(table: string): string[] {
  const names = table.split('\n').flatMap((line) => / (@[^\s]+)$/.exec(line)?.[1] ?? [])
  return [...new Set(names)].toSorted()
}
