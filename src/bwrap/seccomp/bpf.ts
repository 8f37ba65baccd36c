/**
 * A tiny assembler for seccomp's classic BPF. Every piece of `Code` ends in RET on each of its paths, so
 * pieces can be laid one behind the other and jumps only ever go forward over a whole piece: there are no
 * labels, and no offset that could be counted wrong.
 */

/** `struct sock_filter` of linux/filter.h. */
export interface Instruction {
  code: number
  jt: number
  jf: number
  k: number
}

export type Code = readonly Instruction[]

/** `eq` ==, `ge` >= (unsigned), `set` any of these bits. */
export type Test = 'eq' | 'ge' | 'set'

const LOAD_WORD = 0x20 // BPF_LD | BPF_W | BPF_ABS
const AND = 0x54 // BPF_ALU | BPF_AND | BPF_K
const JUMP = 0x05 // BPF_JMP | BPF_JA
const RETURN = 0x06 // BPF_RET | BPF_K
const JUMP_IF: Record<Test, number> = { eq: 0x15, ge: 0x35, set: 0x45 }

const FAR = 255 // jt and jf are 8 bits wide
const MAX_INSTRUCTIONS = 4096 // BPF_MAXINSNS

export const ret = (action: number): Code => [{ code: RETURN, jt: 0, jf: 0, k: action }]

/** Loads the 32-bit word at a byte offset of `struct seccomp_data`. */
export const load = (offset: number, then: Code): Code => [
  { code: LOAD_WORD, jt: 0, jf: 0, k: offset },
  ...then,
]

/** Keeps only these bits of the loaded word. */
export const and = (mask: number, then: Code): Code => [{ code: AND, jt: 0, jf: 0, k: mask }, ...then]

export function branch(test: Test, value: number, then: Code, otherwise: Code): Code {
  const jump = { code: JUMP_IF[test], k: value }
  if (otherwise.length <= FAR) return [{ ...jump, jt: otherwise.length, jf: 0 }, ...otherwise, ...then]
  if (then.length <= FAR) return [{ ...jump, jt: 0, jf: then.length }, ...then, ...otherwise]
  const over = { code: JUMP, jt: 0, jf: 0, k: otherwise.length }
  return [{ ...jump, jt: 0, jf: 1 }, over, ...otherwise, ...then]
}

/** `then` if the loaded word is one of the values; `then` is laid out once however many they are. */
export function oneOf(values: readonly number[], then: Code, otherwise: Code): Code {
  const jumps = values.map((k, at) => ({
    code: JUMP_IF.eq,
    jt: values.length - 1 - at + otherwise.length,
    jf: 0,
    k,
  }))
  return [...jumps, ...otherwise, ...then]
}

/** The bytes of `struct sock_filter[]`. Both architectures that we build for are little-endian. */
export function assemble(code: Code): Buffer {
  if (code.length > MAX_INSTRUCTIONS) throw new RangeError(`${code.length} BPF instructions`)
  const bytes = Buffer.alloc(code.length * 8)
  code.forEach(({ code: op, jt, jf, k }, at) => {
    bytes.writeUInt16LE(op, at * 8)
    // Both throw above 255, so an offset that does not fit can never be cut off silently.
    bytes.writeUInt8(jt, at * 8 + 2)
    bytes.writeUInt8(jf, at * 8 + 3)
    bytes.writeUInt32LE(k, at * 8 + 4)
  })
  return bytes
}
