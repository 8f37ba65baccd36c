/** FNV-1a with 64 bits, as the probe computes it; 16 hexadecimal digits. Pure. */
export function fnv(bytes: Uint8Array): string {
  // Two halves: a product of 64 bits would need BigInt, which is a hundred times slower.
  let [high, low] = [0xcbf29ce4, 0x84222325]
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0
    // The prime is 2^40 + 0x1b3.
    const product = low * 0x1b3
    const carry = Math.floor(product / 0x1_0000_0000)
    high = (Math.imul(high, 0x1b3) + carry + ((low << 8) >>> 0)) >>> 0
    low = product >>> 0
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}
