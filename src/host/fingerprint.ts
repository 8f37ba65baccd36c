/**
 * A short name for bytes, where two that agree by accident do no harm: names of files that say what they are
 * about, "has it changed". Not for anything that an attacker would want to hit; loading node:crypto for it
 * takes longer than all the rest of what a git hook does. Pure. (cyrb53, twice with other seeds.)
 */
export function fingerprint(bytes: Buffer): string {
  return half(bytes, 0x9e3779b9) + half(bytes, 0x85ebca6b)
}

function half(bytes: Buffer, seed: number): string {
  let [a, b] = [0xdeadbeef ^ seed, 0x41c6ce57 ^ seed]
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 2654435761)
    b = Math.imul(b ^ byte, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (b >>> 0).toString(16).padStart(8, '0') + (a >>> 0).toString(16).padStart(8, '0')
}
