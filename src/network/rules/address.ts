/** Bytes of an address: 4 or 16. */
export type Address = readonly number[]

/** Four decimal numbers, nothing else: no octal, no hexadecimal, no fewer parts. */
export function parseV4(text: string): Address | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return undefined
  const bytes = parts.map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes : undefined
}

/** Without brackets and without a zone. */
export function parseV6(text: string): Address | undefined {
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text) || !text.includes(':')) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half) => groupBytes(half))
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  if (tail === undefined) return head.length === 16 ? head : undefined
  const gap = 16 - head.length - tail.length
  return gap >= 2 ? [...head, ...Array.from({ length: gap }, () => 0), ...tail] : undefined
}

/** Bytes of groups between colons; the last may be an IPv4 address. */
function groupBytes(text: string): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [index, group] of groups.entries()) {
    const v4 = index === groups.length - 1 ? parseV4(group) : undefined
    if (v4 !== undefined) bytes.push(...v4)
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 255)
    } else return undefined
  }
  return bytes
}

export function parseAddress(text: string): Address | undefined {
  return parseV4(text) ?? parseV6(text)
}

/** One spelling for each address: `1.2.3.4`, or all eight groups of IPv6. */
export function addressText(address: Address): string {
  if (address.length === 4) return address.join('.')
  const groups = Array.from({ length: 8 }, (_, at) => (address[2 * at]! << 8) | address[2 * at + 1]!)
  return groups.map((group) => group.toString(16)).join(':')
}

type Range = readonly [prefix: Address, bits: number, what: string]

/** IPv4 that is not the public internet (IANA's special-purpose registry, and clouds' own addresses). */
const V4: readonly Range[] = (
  [
    ['0.0.0.0', 8, 'this machine'],
    ['10.0.0.0', 8, 'a private network'],
    ['100.64.0.0', 10, "a provider's private network"],
    ['127.0.0.0', 8, 'loopback'],
    ['168.63.129.16', 32, "a cloud's metadata"],
    ['169.254.0.0', 16, "link-local, where clouds' metadata is"],
    ['172.16.0.0', 12, 'a private network'],
    ['192.0.0.0', 24, 'reserved'],
    ['192.0.2.0', 24, 'reserved'],
    ['192.88.99.0', 24, 'reserved'],
    ['192.168.0.0', 16, 'a private network'],
    ['198.18.0.0', 15, 'reserved'],
    ['198.51.100.0', 24, 'reserved'],
    ['203.0.113.0', 24, 'reserved'],
    ['224.0.0.0', 4, 'multicast'],
    ['240.0.0.0', 4, 'reserved'],
  ] as const
).map(([prefix, bits, what]) => [parseV4(prefix)!, bits, what])

/** IPv6 ranges with a name. Outside 2000::/3 everything is refused, named or not. */
const V6: readonly Range[] = (
  [
    ['::1', 128, 'loopback'],
    ['::ffff:0:0', 96, 'IPv4 in IPv6'],
    ['::', 96, 'IPv4 in IPv6'],
    ['64:ff9b::', 96, 'IPv4 in IPv6'],
    ['64:ff9b:1::', 48, 'IPv4 in IPv6'],
    ['2002::', 16, 'IPv4 in IPv6'],
    ['2001::', 23, 'reserved'],
    ['2001:db8::', 32, 'reserved'],
    ['3fff::', 20, 'reserved'],
    ['fc00::', 7, 'a private network'],
    ['fe80::', 10, 'link-local'],
    ['ff00::', 8, 'multicast'],
  ] as const
).map(([prefix, bits, what]) => [parseV6(prefix)!, bits, what])

const PUBLIC_V6: Range = [parseV6('2000::')!, 3, '']

/** What an address is if it is not a public one; undefined for those of the internet. */
export function specialAddress(address: Address): string | undefined {
  const named = (address.length === 4 ? V4 : V6).find((range) => inRange(address, range))
  if (named !== undefined) return named[2]
  return address.length === 4 || inRange(address, PUBLIC_V6) ? undefined : 'reserved'
}

function inRange(address: Address, [prefix, bits]: Range): boolean {
  return prefix.every((byte, at) => {
    const left = Math.min(8, Math.max(0, bits - 8 * at))
    const mask = (0xff00 >> left) & 255
    return (byte & mask) === (address[at]! & mask)
  })
}
