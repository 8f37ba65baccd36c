import { addressText, parseV4, parseV6 } from './address.ts'

/** Where a request wants to go. Names are lower case, addresses in their one spelling. */
export type Target = { kind: 'name'; name: string } | { kind: 'address'; address: string }

export interface Authority {
  target: Target
  port: number
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** Labels of letters, digits and hyphens; no dot at the end. Lower case is the caller's. */
export function isName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => LABEL.test(label))
}

/** A resolver takes a name whose last label is a number, in any notation, as an address. */
export function looksNumeric(name: string): boolean {
  return /^(?:\d+|0x[0-9a-f]*)$/i.test(name.slice(name.lastIndexOf('.') + 1))
}

/**
 * A host exactly as it must be written: an ASCII name, four decimal numbers, or IPv6 with or without
 * brackets. Everything else – a dot at the end, octal or short addresses, control bytes, other alphabets –
 * is undefined: two programs might read it differently.
 */
export function readHost(text: string): Target | undefined {
  if (text.includes(':')) {
    const v6 = parseV6(/^\[(.*)\]$/.exec(text)?.[1] ?? text)
    return v6 && { kind: 'address', address: addressText(v6) }
  }
  const name = text.toLowerCase()
  if (looksNumeric(name)) {
    const v4 = parseV4(name)
    return v4 && { kind: 'address', address: addressText(v4) }
  }
  return isName(name) ? { kind: 'name', name } : undefined
}

/** `host`, `host:port` or `[address]:port`; undefined if it is anything else, such as `user@host`. */
export function readAuthority(text: string, otherwise: number | undefined): Authority | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::([1-9]\d{0,4}))?$/.exec(text)
  const target = match === null ? undefined : readHost(match[1]!)
  const port = match?.[2] === undefined ? otherwise : Number(match[2])
  return target === undefined || port === undefined || port > 65535 ? undefined : { target, port }
}

/** The smallest entry of `network.allow` that lets this through: any other port than the usual ones is named. */
export function entryFor(host: string, port: number): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === 80 || port === 443 ? name : `${name}:${port}`
}

export function targetText(target: Target): string {
  return target.kind === 'name' ? target.name : target.address
}
