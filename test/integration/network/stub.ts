import { duplexPair, type Duplex } from 'node:stream'
import type { Access, Verdict } from '../../../src/network/proxy/access.ts'
import { proxy } from '../../../src/network/proxy/serve.ts'
import { compileRules, type Rules } from '../../../src/network/rules/decide.ts'

/** A proxy whose names and connections are made up: nothing of it leaves this process. */
export interface Stub {
  /** Its rules may be exchanged, as a session does. */
  access: Access
  /** What was dialled: `address:port`. */
  dialled: string[]
  verdicts: Verdict[]
  /** A new connection from the box. */
  connect(): Duplex
  /** Writes bytes, and reads the answer until it is quiet or closed. */
  say(bytes: Buffer | string, quiet?: number): Promise<string>
}

export interface World {
  allow: readonly string[]
  deny?: readonly string[]
  /** Addresses of names; the second look-up gives the second list. */
  names?: Record<string, readonly string[] | readonly (readonly string[])[]>
  /** Addresses of this machine. */
  own?: readonly string[]
  /** What a dialled server does. */
  server?: (remote: Duplex, address: string, port: number) => void
  upstream?: Access['upstream']
  permissive?: boolean
}

export function rulesOf({ allow, deny = [] }: Pick<World, 'allow' | 'deny'>): Rules {
  const sourced = (list: readonly string[]) =>
    list.map((value) => ({ value, origin: { layer: 'user' as const } }))
  return compileRules({ allow: sourced(allow), deny: sourced(deny) }, [])
}

export function makeStub(world: World): Stub {
  const { names = {}, own = [], server, upstream, permissive } = world
  const dialled: string[] = []
  const verdicts: Verdict[] = []
  const looked = new Map<string, number>()
  const access: Access = {
    rules: rulesOf(world),
    flows: new Map(),
    permissive,
    resolve(name) {
      const found = names[name] ?? ['93.184.216.34']
      const count = looked.get(name) ?? 0
      looked.set(name, count + 1)
      const list = Array.isArray(found[0]) ? (found[Math.min(count, found.length - 1)] as string[]) : found
      return Promise.resolve(list as string[])
    },
    dial(address, port) {
      dialled.push(`${address}:${port}`)
      const [near, far] = duplexPair()
      far.on('error', () => {})
      if (server === undefined) far.resume()
      else server(far, address, port)
      return Promise.resolve(near)
    },
    isOwn: (address) => own.includes(address),
    upstream: upstream ?? (() => undefined),
    report: (verdict) => void verdicts.push(verdict),
  }
  const serve = proxy(access)
  const connect = (): Duplex => {
    const [client, inside] = duplexPair()
    client.on('error', () => {})
    serve(inside)
    return client
  }
  const say = (bytes: Buffer | string, quiet = 30): Promise<string> =>
    new Promise((resolve) => {
      const client = connect()
      let text = ''
      let left = quiet
      const done = (): void => {
        clearTimeout(timer)
        client.destroy()
        resolve(text)
      }
      // In turns of a millisecond, each of which lets the proxy go on: after a long wait for the processor it is as far.
      const turn = (): void => {
        if (left-- > 0) timer = setTimeout(turn, 1)
        else done()
      }
      let timer = setTimeout(turn, 1)
      client.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1')
        left = quiet
      })
      client.on('close', done)
      client.on('end', done)
      client.write(bytes)
    })
  return { access, dialled, verdicts, connect, say }
}

/** A ClientHello as a client sends it; with padding, and with a second list of names behind the first, if wanted. */
export function clientHello(
  name: string | Buffer | undefined,
  records = 1,
  padding = 0,
  behind?: string,
): Buffer {
  const more = behind === undefined ? Buffer.alloc(0) : nameList(Buffer.from(behind))
  const serverName =
    name === undefined
      ? Buffer.alloc(0)
      : extension(0, Buffer.concat([nameList(Buffer.from(name as string, 'latin1')), more]))
  return helloOf([extension(21, Buffer.alloc(padding)), serverName], records)
}

/** A ClientHello of these extensions, or another message of the handshake; `behind`: what its last list does not hold. */
export function helloOf(
  extensions: readonly Buffer[],
  records = 1,
  { type = 1, behind = Buffer.alloc(0) } = {},
): Buffer {
  const all = Buffer.concat([extension(10, Buffer.from([0, 2, 0, 29])), ...extensions])
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    vector(Buffer.from([0x13, 0x01])),
    Buffer.from([1, 0]),
    vector(all),
    behind,
  ])
  const message = Buffer.concat([Buffer.from([type, 0]), vector(body)])
  const size = Math.ceil(message.length / records)
  const parts = Array.from({ length: records }, (_, at) => message.subarray(at * size, (at + 1) * size))
  return Buffer.concat(parts.map((part) => Buffer.concat([Buffer.from([22, 3, 1]), vector(part)])))
}

function vector(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}

export function extension(type: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type >> 8, type & 255]), vector(bytes)])
}

function nameList(name: Buffer): Buffer {
  return vector(typedName(0, name))
}

function typedName(type: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), vector(name)])
}

/** The extension with a list of these, each of its kind; 0 is that of a host's name. */
export function serverNames(...names: readonly (readonly [type: number, name: string])[]): Buffer {
  return extension(0, vector(Buffer.concat(names.map(([type, name]) => typedName(type, Buffer.from(name))))))
}
