import { both, checkText, type Check } from './text.ts'

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const BYTE = /^(?:0|[1-9]\d{0,2})$/

/**
 * An entry of `network.allow`: `host`, `*.host`, `host:port`, an IPv4 address or `@preset`. Only the
 * form is checked; what the names mean is the network's part. Case does not matter.
 */
export const checkHost: Check = both(checkText, (entry) => {
  if (entry.startsWith('@')) return checkPreset(entry)
  if (entry.includes('://')) return 'has a scheme: write the host alone, without https://'
  if (/[/?#]/.test(entry)) return 'has a path: rules are by host, and port, only'
  if (entry.includes('@')) return 'has a user name: write the host alone'
  // oxlint-disable-next-line no-control-regex
  if (/[^\u0000-\u007f]/.test(entry)) return 'is not ASCII: write the xn--… form of the name'
  if (entry.startsWith('[') || entry.split(':').length > 2)
    return 'IPv6 addresses are not supported: use a name'
  const [host = '', port] = entry.toLowerCase().split(':')
  return checkName(host) ?? (port === undefined ? undefined : checkPort(port))
})

function checkPreset(entry: string): string | undefined {
  return /^@[a-z][a-z0-9-]*$/.test(entry) ? undefined : 'is not a preset name (@ and small letters)'
}

function checkName(name: string): string | undefined {
  if (name === '*') return 'matches every host: say network.mode: host if that is meant'
  if (name.endsWith('.')) return 'ends with a dot: leave it out'
  const labels = (name.startsWith('*.') ? name.slice(2) : name).split('.')
  // A resolver takes a name whose last label is a number, in any notation, as an address.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1)!)) return checkAddress(name)
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) {
    return name.includes('*')
      ? 'may have a * only as its whole first label (*.example.com)'
      : 'is not a host name'
  }
  return name.startsWith('*.') && labels.length < 2 ? 'covers a whole top-level domain' : undefined
}

function checkAddress(name: string): string | undefined {
  const parts = name.split('.')
  const plain = parts.length === 4 && parts.every((part) => BYTE.test(part) && Number(part) <= 255)
  return plain ? undefined : 'is not an address: write four decimal numbers'
}

function checkPort(port: string): string | undefined {
  return /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65535 ? undefined : 'has no valid port (1–65535)'
}

/** Does the rule `wide` already allow all that `entry` does? Both are lower-cased and checked. */
export function hostCovers(wide: string, entry: string): boolean {
  if (wide === entry) return true
  if (wide.startsWith('@') || entry.startsWith('@')) return false
  const [name = '', port] = wide.split(':')
  const [host = '', hostPort] = entry.split(':')
  // Without a port only the usual ones are meant, so that does not cover an odd one.
  if (port !== hostPort) return false
  return name === host || (name.startsWith('*.') && host.endsWith(name.slice(1)) && host !== name)
}
