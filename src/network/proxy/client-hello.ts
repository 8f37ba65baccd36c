/** What the first bytes of a TLS connection say. */
export type Hello =
  | { kind: 'more' }
  /** Not the beginning of a TLS connection, or one that breaks the protocol. */
  | { kind: 'broken' }
  | { kind: 'hello'; serverName: string | undefined }

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
const LARGEST_RECORD = (1 << 14) + 256
/** Bytes; real ones have a few hundred, with post-quantum keys two thousand. */
export const LARGEST_HELLO = 32 << 10

const MORE: Hello = { kind: 'more' }
const BROKEN: Hello = { kind: 'broken' }

/** Reads the server name of a ClientHello, which may come in several records. Changes nothing. Pure. */
export function readHello(bytes: Buffer): Hello {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const body = handshake(Buffer.concat(parts))
    if (body !== MORE) return body
    if (bytes.length < at + 5) return bytes.length > at && bytes[at] !== HANDSHAKE ? BROKEN : MORE
    const size = bytes.readUInt16BE(at + 3)
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3 || size === 0 || size > LARGEST_RECORD) return BROKEN
    const record = bytes.subarray(at + 5, at + 5 + size)
    parts.push(record)
    if (record.length < size) {
      const early = handshake(Buffer.concat(parts))
      return early.kind === 'broken' ? BROKEN : MORE
    }
    at += 5 + size
  }
}

function handshake(bytes: Buffer): Hello {
  if (bytes.length > 0 && bytes[0] !== CLIENT_HELLO) return BROKEN
  if (bytes.length < 4) return MORE
  const size = bytes.readUIntBE(1, 3)
  if (size > LARGEST_HELLO) return BROKEN
  if (bytes.length < 4 + size) return MORE
  try {
    return { kind: 'hello', serverName: serverNameIn(new Reader(bytes.subarray(4, 4 + size))) }
  } catch {
    return BROKEN
  }
}

/** Reads lengths that are checked: beyond the end is an exception. */
class Reader {
  private at = 0
  private readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get left(): number {
    return this.bytes.length - this.at
  }

  take(size: number): Buffer {
    if (size > this.left) throw new RangeError('too short')
    this.at += size
    return this.bytes.subarray(this.at - size, this.at)
  }

  rest(): string {
    return this.take(this.left).toString('latin1')
  }

  number(size: 1 | 2): number {
    return this.take(size).readUIntBE(0, size)
  }

  /** A vector with its length in front. */
  vector(size: 1 | 2): Reader {
    return new Reader(this.take(this.number(size)))
  }
}

function serverNameIn(hello: Reader): string | undefined {
  hello.take(2 + 32)
  hello.vector(1)
  hello.vector(2)
  hello.vector(1)
  if (hello.left === 0) return undefined
  const extensions = hello.vector(2)
  const names: string[] = []
  while (extensions.left > 0) {
    const type = extensions.number(2)
    const body = extensions.vector(2)
    if (type === SERVER_NAME) names.push(...hostNames(body))
  }
  if (names.length > 1 || hello.left > 0) throw new RangeError('ambiguous')
  return names[0]
}

function hostNames(body: Reader): string[] {
  const list = body.vector(2)
  const names: string[] = []
  while (list.left > 0) {
    if (list.number(1) !== 0) throw new RangeError('an unknown kind of name')
    names.push(list.vector(2).rest())
  }
  if (body.left > 0) throw new RangeError('more than a list of names')
  return names
}
