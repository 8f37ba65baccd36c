import type { Duplex } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { systemAccess } from '../../../src/network/proxy/index.ts'
import { clientHello, makeStub, type Stub, type World } from './stub.ts'

const CRLF = '\r\n'
const CONNECT = `CONNECT good.example:443 HTTP/1.1${CRLF}Host: good.example:443${CRLF}${CRLF}`
const world: World = { allow: ['good.example', 'other.example'] }
const request = (...lines: string[]): string =>
  ['GET http://good.example/ HTTP/1.1', 'Host: good.example', ...lines].join(CRLF)
const inner = `GET /inner HTTP/1.1${CRLF}Host: evil.example${CRLF}${CRLF}`

/** A server that keeps what it gets and answers each connection once, when `enough` has come. */
function answering(
  text: string,
  enough = /\r\n\r\n/,
): { seen: () => string; server: (remote: Duplex) => void } {
  let seen = ''
  const server = (remote: Duplex): void => {
    let mine = ''
    remote.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1')
      mine += chunk.toString('latin1')
      if (enough.test(mine)) remote.end(text)
    })
  }
  return { seen: () => seen, server }
}

/** Resolves with all that came before the end, or with what came until `until` is met. */
function exchange(stub: Stub, parts: readonly (Buffer | string)[], until = /$^/): Promise<string> {
  const client = stub.connect()
  return new Promise((resolve) => {
    let text = ''
    const done = (): void => {
      client.destroy()
      resolve(text)
    }
    client.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (until.test(text)) done()
    })
    client.on('close', done).on('end', done)
    for (const part of parts) client.write(part)
  })
}

const OK = `HTTP/1.1 200 OK${CRLF}Content-Length: 2${CRLF}${CRLF}ok`

describe('a body is never the next request', () => {
  it.each([
    ['its length named by Connection', ['Connection: close, content-length']],
    ['its length and host named by Connection', ['Connection: Host, Content-Length']],
    ['nothing special', []],
  ])('%s', async (_name, headers) => {
    const { seen, server } = answering(OK, /inner/)
    const stub = makeStub({ ...world, server })
    const text = request(...headers, `Content-Length: ${inner.length}`, '', inner)
    expect(await exchange(stub, [text], /ok$/)).toContain('200 OK')
    const [head] = seen().split(`${CRLF}${CRLF}`)
    expect(head).toMatch(new RegExp(`content-length: ${inner.length}`, 'i'))
    expect(head).toMatch(/host: good\.example/i)
  })

  it.each([
    ['one length twice', ['Content-Length: 3', 'Content-Length: 3', '', 'abc']],
    ['a list of lengths', ['Content-Length: 3, 3', '', 'abc']],
    ['chunks in another spelling', ['Transfer-Encoding: \x0bchunked', '', '0', '', '']],
    ['two codings', ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked, identity', '', '']],
    ['a broken chunk', ['Transfer-Encoding: chunked', '', '0x3', 'abc', '0', '', '']],
    ['a length beyond numbers', [`Content-Length: ${'9'.repeat(30)}`, '', '']],
  ])('refused: %s', async (_name, lines) => {
    const { seen, server } = answering(OK)
    const stub = makeStub({ ...world, server })
    const answer = await exchange(stub, [request(...lines), inner], /^HTTP\/1\.1 \d{3}/)
    expect(answer).toMatch(/^HTTP\/1\.1 (?:400|413|502)|^$/)
    expect(seen()).not.toContain('evil')
  })

  it('trailers do not go on', async () => {
    const { seen, server } = answering(OK, /0\r\n\r\n/)
    const stub = makeStub({ ...world, server })
    const lines = ['Transfer-Encoding: chunked', '', '3', 'abc', '0', 'Host: evil.example', '', '']
    expect(await exchange(stub, [request(...lines)], /ok$/)).toContain('200 OK')
    expect(seen()).not.toContain('evil')
  })
})

describe('requests ahead of the answers', () => {
  /** What was read of them has been begun by then. */
  const settled = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 50))

  it('have one connection outside at a time', async () => {
    const stub = makeStub({ ...world, server: (remote) => remote.resume() })
    stub.connect().write(request('', '').repeat(10))
    await vi.waitFor(() => expect(stub.dialled.length).toBeGreaterThan(0), 30_000)
    await settled()
    expect(stub.dialled).toHaveLength(1)
  })

  it('nor while an answer is only half there', async () => {
    const server = (remote: Duplex): void =>
      void remote.once('data', () => remote.write(OK.replace('Content-Length: 2', 'Content-Length: 3')))
    const stub = makeStub({ ...world, server })
    await exchange(stub, [request('', '').repeat(5)], /ok$/)
    // Another one is answered as far, which it was not before the others had their turn.
    await exchange(stub, [request('', '')], /ok$/)
    expect(stub.dialled).toHaveLength(2)
  })

  it('each go where they are to go, whatever connection a server would keep', async () => {
    const seen: string[] = []
    const server = (remote: Duplex): void =>
      void remote.on('data', (chunk: Buffer) => {
        seen.push(/host: (.*)\r/i.exec(chunk.toString('latin1'))![1]!)
        remote.write(OK.replace('200 OK', `200 OK${CRLF}Connection: keep-alive`))
      })
    const stub = makeStub({ ...world, server, names: { 'other.example': ['93.184.216.35'] } })
    for (const host of ['good.example', 'other.example', 'good.example'])
      await exchange(stub, [request('', '').replaceAll('good.example', host)], /ok$/)
    expect(stub.dialled).toEqual(['93.184.216.34:80', '93.184.216.35:80', '93.184.216.34:80'])
    expect(seen).toEqual(['good.example', 'other.example', 'good.example'])
  })

  it('are no more than a few, or their connection ends', async () => {
    const stub = makeStub({ ...world, server: (remote) => remote.resume() })
    const client = stub.connect()
    client.write(request('', '').repeat(10))
    await vi.waitFor(() => expect(stub.access.flows!.size).toBe(1), 30_000)
    client.write(request('', '').repeat(10))
    await vi.waitFor(() => expect(stub.access.flows!.size).toBe(0), 30_000)
    expect(stub.dialled).toHaveLength(1)
  })

  it('are not each refused, and told, when there are hundreds', async () => {
    const stub = makeStub(world)
    const evil = request('', '').replaceAll('good', 'evil')
    stub.connect().write(evil.repeat(200))
    // Its own comes after those.
    expect(await exchange(stub, [evil], /\r\n\r\n/)).toContain('403')
    expect(stub.verdicts.length).toBeLessThanOrEqual(2)
  })

  it('a connection that waits for its answers has as many as it likes', async () => {
    const stub = makeStub({ ...world, server: answering(OK).server })
    const client = stub.connect()
    for (let count = 0; count < 5; count++) {
      const answer = new Promise<string>((resolve) => client.once('data', (chunk) => resolve(String(chunk))))
      client.write(request('', ''))
      expect(await answer).toContain('200 OK')
    }
    client.destroy()
  })
})

describe('a change of protocol', () => {
  it.each([
    ['h2c', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']],
    ['a WebSocket', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x']],
  ])('%s is not asked for, and not taken where the server offers it', async (_name, lines) => {
    const switching = `HTTP/1.1 101 Switching Protocols${CRLF}Connection: Upgrade${CRLF}Upgrade: x${CRLF}${CRLF}raw`
    const { seen, server } = answering(switching)
    const stub = makeStub({ ...world, server })
    const answer = await exchange(stub, [request(...lines, '', '')], /^HTTP\/1\.1 \d{3}/)
    expect(answer).toMatch(/^HTTP\/1\.1 502|^$/)
    expect(seen()).not.toMatch(/^upgrade:|http2-settings/im)
  })
})

describe('an answer that cannot be passed on', () => {
  it.each([
    ['a control character in the reason', `HTTP/1.1 200 O\x01K${CRLF}Content-Length: 0${CRLF}${CRLF}`],
    ['status 000', `HTTP/1.1 000 Odd${CRLF}Content-Length: 0${CRLF}${CRLF}`],
    ['a line feed in a header', `HTTP/1.1 200 OK${CRLF}X: a\nY: b${CRLF}Content-Length: 0${CRLF}${CRLF}`],
    ['nonsense', `nonsense${CRLF}${CRLF}`],
    ['nothing', ''],
  ])('%s: the client is told, and the next one is served', async (_name, text) => {
    const stub = makeStub({ ...world, server: answering(text).server })
    expect(await exchange(stub, [request('', '')], /^HTTP\/1\.1 \d{3}/)).toMatch(/^HTTP\/1\.1 502/)
    expect(await exchange(stub, [request('', '')], /^HTTP\/1\.1 \d{3}/)).toMatch(/^HTTP\/1\.1 502/)
  })
})

describe('other beginnings', () => {
  it.each<[string, Buffer]>([
    ['SOCKS4', Buffer.from([4, 1, 0, 80, 93, 184, 216, 34, 0])],
    ['SOCKS4a', Buffer.concat([Buffer.from([4, 1, 0, 80, 0, 0, 0, 1, 0]), Buffer.from('good.example\0')])],
    ['TLS to the proxy itself', clientHello('good.example')],
    ['SOCKS5 with a log-in alone', Buffer.from([5, 2, 1, 2])],
  ])('%s', async (_name, bytes) => {
    const stub = makeStub(world)
    await exchange(stub, [bytes], /\r\n\r\n|\xff/)
    expect(stub.dialled).toEqual([])
  })

  it.each(['HTTP/1.0', 'HTTP/1.1'])('%s with another Host', async (version) => {
    const stub = makeStub(world)
    const text = `GET http://good.example/ ${version}${CRLF}Host: other.example${CRLF}${CRLF}`
    expect(await exchange(stub, [text], /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 400/)
    expect(stub.dialled).toEqual([])
  })

  it.each([
    ...['[64:ff9b::7f00:1]:443', '[2002:7f00:1::]:443', '[2001:0:7f00:1::1]:443', '[::ffff:0:7f00:1]:443'],
    ...['[fe80::1%lo]:443', '[fe80::1]:443', '[::ffff:7f00:1]:443', '017700000001:443', '0x7f.0.0.1:443'],
    ...['127.0.0.1.:443', '[fec0::1]:443', '[ff02::1]:443', '[100::1]:443', '198.18.0.1:443', '0.0.0.0:80'],
  ])('CONNECT %s', async (authority) => {
    const stub = makeStub(world)
    const text = `CONNECT ${authority} HTTP/1.1${CRLF}Host: x${CRLF}${CRLF}`
    expect(await exchange(stub, [text], /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 (?:400|403)/)
    expect(stub.dialled).toEqual([])
  })
})

describe("this machine's own address on the internet", () => {
  const [own, other] = ['93.184.216.1', '2606:2800:220:1:0:0:0:1']
  const names = { 'good.example': [own], 'other.example': [other, own] }
  const connectTo = (host: string): string =>
    `CONNECT ${host}:443 HTTP/1.1${CRLF}Host: ${host}:443${CRLF}${CRLF}`

  it('is not where a listed name may lead', async () => {
    const stub = makeStub({ ...world, names, own: [own] })
    const answer = await exchange(stub, [connectTo('good.example')], /allow-host/)
    expect(answer).toContain(`its address is not public: ${own} is this machine's own`)
    const client = stub.connect().resume()
    for (const part of [connectTo('other.example'), clientHello('other.example')]) client.write(part)
    await vi.waitFor(() => expect(stub.dialled).toEqual([`${other}:443`]), 30_000)
  })

  it('is, where it is listed itself', async () => {
    const stub = makeStub({ allow: ['good.example', own], names, own: [own] })
    const client = stub.connect().resume()
    for (const part of [connectTo('good.example'), clientHello('good.example')]) client.write(part)
    await vi.waitFor(() => expect(stub.dialled).toEqual([`${own}:443`]), 30_000)
  })

  it('is one that it has', () => {
    const { isOwn } = systemAccess({ allow: [], deny: [] }, {}, () => {})
    expect(['127.0.0.1', '93.184.216.34'].map((address) => isOwn?.(address))).toEqual([true, false])
  })
})

describe('the name in TLS, in pieces', () => {
  const large = (name: string): Buffer => clientHello(name, 2, 20_000)

  it.each<[string, Buffer, boolean]>([
    ['one byte at a time', clientHello('good.example'), true],
    ['one byte at a time, another name', clientHello('evil.example'), false],
    ['a record for each byte', clientHello('good.example', 10_000), true],
    ['a record for each byte, another name', clientHello('evil.example', 10_000), false],
    ['more than a record holds', large('good.example'), true],
    ['more than a record holds, another name', large('evil.example'), false],
    ['more than is sensible', clientHello('good.example', 3, 40_000), false],
    ['a second list behind the first', clientHello('good.example', 1, 0, 'evil.example'), false],
    [
      'an alert before it',
      Buffer.concat([Buffer.from([21, 3, 3, 0, 2, 1, 0]), clientHello('good.example')]),
      false,
    ],
  ])('%s', async (_name, hello, wanted) => {
    let reached = (): void => {}
    const dialled = new Promise<void>((resolve) => (reached = resolve))
    const stub = makeStub({ ...world, server: (remote) => (remote.resume(), reached()) })
    const step = hello.length > 5000 ? 500 : 1
    const parts = Array.from({ length: Math.ceil(hello.length / step) }, (_, at) =>
      hello.subarray(at * step, (at + 1) * step),
    )
    const client = stub.connect().resume()
    for (const part of [CONNECT, ...parts]) client.write(part)
    if (wanted) await dialled
    else await vi.waitFor(() => expect(stub.verdicts.at(-1)?.decision).toBe('refused'), 30_000)
    client.destroy()
    expect(stub.dialled).toHaveLength(wanted ? 1 : 0)
  })
})
