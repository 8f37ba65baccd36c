/**
 * A tiny assembler for seccomp's classic BPF. Every piece of `Code` ends in RET on each of its paths, so
 * pieces can be laid one behind the other and jumps only ever go forward over a whole piece: there are no
 * labels, and no offset that could be counted wrong.
 */

/** A piece: its length in instructions, and how to lay it out (no copying: this runs at every launch). */
export interface Code {
  length: number
  write: (put: Put) => void
}

/** The fields of `struct sock_filter` (linux/filter.h). */
type Put = (code: number, jt: number, jf: number, k: number) => void

/** `eq` ==, `ge` >= (unsigned), `set` any of these bits. */
type Test = 'eq' | 'ge' | 'set'

const LOAD_WORD = 0x20 // BPF_LD | BPF_W | BPF_ABS
const AND = 0x54 // BPF_ALU | BPF_AND | BPF_K
const JUMP = 0x05 // BPF_JMP | BPF_JA
const RETURN = 0x06 // BPF_RET | BPF_K
const JUMP_IF: Record<Test, number> = { eq: 0x15, ge: 0x35, set: 0x45 }

const FAR = 255 // jt and jf are 8 bits wide
const MAX_INSTRUCTIONS = 4096 // BPF_MAXINSNS

export const ret = (action: number): Code => ({ length: 1, write: (put) => put(RETURN, 0, 0, action) })

/** Loads the 32-bit word at a byte offset of `struct seccomp_data`. */
export const load = (offset: number, then: Code): Code =>
  sequence((put) => put(LOAD_WORD, 0, 0, offset), 1, then)

/** Keeps only these bits of the loaded word. */
export const and = (mask: number, then: Code): Code => sequence((put) => put(AND, 0, 0, mask), 1, then)

export function branch(test: Test, value: number, then: Code, otherwise: Code): Code {
  const code = JUMP_IF[test]
  if (otherwise.length <= FAR)
    return sequence((put) => put(code, otherwise.length, 0, value), 1, otherwise, then)
  if (then.length <= FAR) return sequence((put) => put(code, 0, then.length, value), 1, then, otherwise)
  const jumps = (put: Put): void => {
    put(code, 0, 1, value)
    put(JUMP, 0, 0, otherwise.length)
  }
  return sequence(jumps, 2, otherwise, then)
}

/** `then` if the loaded word is one of the values; `then` is laid out once however many they are. */
export function oneOf(values: readonly number[], then: Code, otherwise: Code): Code {
  const jumps = (put: Put): void =>
    values.forEach((value, at) => put(JUMP_IF.eq, values.length - 1 - at + otherwise.length, 0, value))
  return sequence(jumps, values.length, otherwise, then)
}

function sequence(first: Code['write'], length: number, ...rest: Code[]): Code {
  const write = (put: Put): void => {
    first(put)
    for (const piece of rest) piece.write(put)
  }
  return { length: rest.reduce((sum, piece) => sum + piece.length, length), write }
}

/** The bytes of `struct sock_filter[]`. Both architectures that we build for are little-endian. */
export function assemble(code: Code): Buffer {
  if (code.length > MAX_INSTRUCTIONS) throw new RangeError(`${code.length} BPF instructions`)
  const bytes = Buffer.alloc(code.length * 8)
  let at = 0
  code.write((op, jt, jf, k) => {
    // Cutting an offset off silently would let calls through.
    if (jt > FAR || jf > FAR) throw new RangeError(`BPF jump over ${Math.max(jt, jf)} instructions`)
    bytes.writeUInt16LE(op, at)
    bytes[at + 2] = jt
    bytes[at + 3] = jf
    bytes.writeUInt32LE(k, at + 4)
    at += 8
  })
  return bytes
}
