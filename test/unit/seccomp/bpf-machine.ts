/** A reader of seccomp programs, written from linux/filter.h and kernel/seccomp.c, not from the assembler. */

export interface Data {
  arch: number
  nr: number
  args: readonly bigint[]
}

export interface Run {
  action: number
  /** Offsets of `struct seccomp_data` that were loaded on the way. */
  loads: number[]
}

const WORDS = 0xffffffff

/** Runs the program as the kernel would; throws where the kernel would have refused to load it. */
export function runFilter(program: Buffer, data: Data): Run {
  const input = seccompData(data)
  const loads: number[] = []
  let accumulator = 0
  for (let at = 0; ; at += 1) {
    if (at * 8 + 8 > program.length) throw new Error(`ran out of the program at ${at}`)
    const [code, jt, jf, k] = instruction(program, at)
    switch (code) {
      case 0x20:
        if (k % 4 !== 0 || k > 60) throw new Error(`load from ${k}`)
        accumulator = input.readUInt32LE(k)
        loads.push(k)
        break
      case 0x54:
        accumulator = (accumulator & k) >>> 0
        break
      case 0x05:
        at += k
        break
      case 0x15:
        at += accumulator === k ? jt : jf
        break
      case 0x35:
        at += accumulator >= k ? jt : jf
        break
      case 0x45:
        at += (accumulator & k) === 0 ? jf : jt
        break
      case 0x06:
        return { action: k, loads }
      default:
        throw new Error(`instruction ${at} is ${code.toString(16)}`)
    }
  }
}

/** Every instruction that can be reached, by following both ways of each branch; throws on a bad one. */
export function reachable(program: Buffer): Set<number> {
  const seen = new Set<number>()
  const todo = [0]
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    if (seen.has(at)) continue
    if (at * 8 + 8 > program.length) throw new Error(`jump to ${at}`)
    seen.add(at)
    const [code, jt, jf, k] = instruction(program, at)
    if (code === 0x06) continue
    if (code === 0x05) todo.push(at + 1 + k)
    else if ([0x15, 0x35, 0x45].includes(code)) todo.push(at + 1 + jt, at + 1 + jf)
    else if ([0x20, 0x54].includes(code)) todo.push(at + 1)
    else throw new Error(`instruction ${at} is ${code.toString(16)}`)
  }
  return seen
}

function instruction(program: Buffer, at: number): [number, number, number, number] {
  const byte = at * 8
  return [program.readUInt16LE(byte), program[byte + 2]!, program[byte + 3]!, program.readUInt32LE(byte + 4)]
}

function seccompData({ arch, nr, args }: Data): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.writeUInt32LE((nr & WORDS) >>> 0, 0)
  bytes.writeUInt32LE(arch, 4)
  args.forEach((value, index) => bytes.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + index * 8))
  return bytes
}
