import { domainToASCII } from 'node:url'
import { addressText, parseV4, parseV6 } from './address.ts'
import { isName, looksNumeric } from './host.ts'
import { isPreset, presetNames, presets } from './presets.ts'

/** An entry of `network.allow` or `network.deny`. Without a port, 80 and 443 are meant. */
export type Entry =
  | { kind: 'preset'; name: string }
  /** `below`: `*.name`, all that ends in the name but not the name itself. */
  | { kind: 'name'; name: string; below: boolean; port?: number | undefined }
  | { kind: 'address'; address: string; port?: number | undefined }

export type EntryReading = Entry | { kind: 'wrong'; problem: string }

/** Reads `host`, `*.host`, `host:port`, an address, `[IPv6]:port` or `@preset`; case does not matter. */
export function readEntry(text: string): EntryReading {
  if (text.startsWith('@')) return readPreset(text.slice(1))
  if (text.includes('://')) return wrong('has a scheme: write the host alone, without https://')
  if (/[/?#]/.test(text)) return wrong('has a path: rules are by host, and port, only')
  if (text.includes('@')) return wrong('has a user name: write the host alone')
  if (text.startsWith('[') || text.split(':').length > 2) return readV6(text)
  const [host = '', port] = text.split(':')
  const number = port === undefined ? undefined : portOf(port)
  if (port !== undefined && number === undefined) {
    const name = readName(host, undefined)
    return name.kind === 'wrong' ? name : wrong('has no valid port (1–65535)')
  }
  return readName(host, number)
}

function wrong(problem: string): EntryReading {
  return { kind: 'wrong', problem }
}

function readPreset(name: string): EntryReading {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) return wrong('is not a preset name (@ and small letters)')
  if (isPreset(name)) return { kind: 'preset', name }
  return wrong(
    `is no preset: ${presetNames()
      .map((known) => `@${known}`)
      .join(' ')}`,
  )
}

function readV6(text: string): EntryReading {
  const match = /^\[([^\]]*)\](?::(.*))?$/.exec(text)
  const address = match === null ? undefined : parseV6(match[1]!)
  if (address === undefined)
    return wrong('is not an address: write IPv6 as [2001:db8::1] or [2001:db8::1]:443')
  const port = match![2] === undefined ? undefined : portOf(match![2])
  if (match![2] !== undefined && port === undefined) return wrong('has no valid port (1–65535)')
  return { kind: 'address', address: addressText(address), port }
}

function portOf(text: string): number | undefined {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65535 ? Number(text) : undefined
}

function readName(host: string, port: number | undefined): EntryReading {
  if (host === '*') return wrong('matches every host: say network.mode: host if that is meant')
  if (host.endsWith('.')) return wrong('ends with a dot: leave it out')
  const below = host.startsWith('*.')
  const name = asciiName(below ? host.slice(2) : host)
  if (name === undefined) return wrong('is not a host name')
  if (looksNumeric(name)) {
    const address = below ? undefined : parseV4(name)
    if (address === undefined) return wrong('is not an address: write four decimal numbers')
    return { kind: 'address', address: addressText(address), port }
  }
  if (!isName(name)) {
    return wrong(
      name.includes('*')
        ? 'may have a * only as its whole first label (*.example.com)'
        : 'is not a host name',
    )
  }
  if (below && !name.includes('.')) return wrong('covers a whole top-level domain')
  return { kind: 'name', name, below, port }
}

/**
 * Other alphabets by IDNA. `domainToASCII` is a URL parser's: it would take `%2e` for a dot and drop what
 * follows a slash, so it only sees names whose ASCII part is letters, digits, dots and hyphens.
 */
function asciiName(name: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  if (!/[^\u0000-\u007f]/.test(name)) return name.toLowerCase()
  // oxlint-disable-next-line no-control-regex
  if (/[^a-zA-Z0-9.\u002d\u0080-\u{10ffff}]/u.test(name)) return undefined
  const ascii = domainToASCII(name)
  return ascii === '' ? undefined : ascii
}

/** The one spelling of an entry. */
export function entryText(entry: Entry): string {
  switch (entry.kind) {
    case 'preset':
      return `@${entry.name}`
    case 'name':
      return `${entry.below ? '*.' : ''}${entry.name}${portText(entry.port)}`
    case 'address':
      return `${entry.address.includes(':') ? `[${entry.address}]` : entry.address}${portText(entry.port)}`
  }
}

function portText(port: number | undefined): string {
  return port === undefined ? '' : `:${port}`
}

/** The normal form of a checked entry. */
export function normalEntry(text: string): string {
  const entry = readEntry(text)
  return entry.kind === 'wrong' ? text.toLowerCase() : entryText(entry)
}

/** The entries that a preset stands for; others for themselves. `agent`: the running agent's hosts. */
export function expandEntry(text: string, agent: readonly string[]): Exclude<Entry, { kind: 'preset' }>[] {
  const entry = readEntry(text)
  if (entry.kind === 'wrong') return []
  if (entry.kind !== 'preset') return [entry]
  const hosts = entry.name === 'agent' ? agent : (presets[entry.name]?.hosts ?? [])
  return hosts.flatMap((host) => (host.startsWith('@') ? [] : expandEntry(host, agent)))
}
