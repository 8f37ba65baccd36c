import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { clientHello, helloOf, makeStub, serverNames, type World } from './stub.ts'

const CRLF = '\r\n'
const connect = (authority: string, ...headers: string[]): string =>
  [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`, ...headers, '', ''].join(CRLF)
const get = (url: string, host: string, ...headers: string[]): string =>
  [`GET ${url} HTTP/1.1`, `Host: ${host}`, ...headers, '', ''].join(CRLF)

const world: World = {
  allow: [
    'good.example',
    '*.wild.example',
    'odd.example:8443',
    '10.9.9.9:5432',
    '93.184.216.7',
    'xn--bcher-kva.example',
  ],
  deny: ['bad.wild.example'],
  names: {
    'inner.wild.example': ['10.0.0.1'],
    'loop.wild.example': ['127.0.0.1', '::1'],
    'meta.wild.example': ['169.254.169.254'],
    'mapped.wild.example': ['::ffff:10.0.0.1'],
    'nat.wild.example': ['64:ff9b::a00:1'],
    'cgnat.wild.example': ['100.64.1.1'],
    'none.wild.example': [],
    'rebind.wild.example': [['93.184.216.34'], ['127.0.0.1']],
  },
}

it('what is allowed and cannot be resolved is told', async () => {
  const stub = makeStub(world)
  expect(await stub.say(connect('none.wild.example:443'))).toMatch(/^HTTP\/1\.1 502 [^]*does not resolve/)
  expect(stub.verdicts).toEqual([
    {
      decision: 'allowed',
      host: 'none.wild.example',
      port: 443,
      rule: '*.wild.example; the name does not resolve',
      via: 'connect',
    },
  ])
})

describe('asked for by CONNECT, nothing of this is dialled', () => {
  it.each([
    ...['evil.example:443', 'evil-good.example:443', 'good.example.evil.net:443', 'xgood.example:443'],
    ...['wild.example:443', 'evilwild.example:443', 'bad.wild.example:443', 'BAD.wild.EXAMPLE:443'],
    ...['good.example:22', 'good.example:8443', 'odd.example:443', 'good.example.:443', 'good.example..:443'],
    ...['good.example@evil.example:443', 'evil.example@good.example:443', 'good.example%00.evil.net:443'],
    ...[
      'good.example\0.evil.net:443',
      'good.example%2eevil.net:443',
      'good.example\t:443',
      'good.example:0443',
    ],
    ...['good.example:443:80', 'good.example:65979', 'good.example:-1', 'good.example', ':443', '*:443'],
    ...['bücher.example:443', 'GOOD。example:443', 'http://good.example:443', '/', 'good.example:443/x'],
    ...['127.0.0.1:443', '127.1:443', '2130706433:443', '0x7f000001:443', '0177.0.0.1:443', '0:443'],
    ...[
      '[::1]:443',
      '[::ffff:127.0.0.1]:443',
      '[::127.0.0.1]:443',
      '::1:443',
      '[fe80::1%25lo]:443',
      '[::]:80',
    ],
    ...[
      '169.254.169.254:80',
      '10.9.9.9:443',
      '10.9.9.9:5433',
      '[::ffff:10.9.9.9]:5432',
      '8.8.8.8:443',
      '8.8.8.8:53',
    ],
    ...['inner.wild.example:443', 'loop.wild.example:443', 'meta.wild.example:80', 'mapped.wild.example:443'],
    ...['nat.wild.example:443', 'cgnat.wild.example:443', 'none.wild.example:443', 'localhost:443'],
  ])('%j', async (authority) => {
    const stub = makeStub(world)
    const answer = await stub.say(connect(authority))
    expect(answer).toMatch(/^(?:HTTP\/1\.1 (?:400|403|502) |$)/)
    expect(stub.dialled).toEqual([])
  })
})

describe('asked for in absolute form, nothing of this is dialled', () => {
  it.each<[string, string]>([
    ['http://evil.example/', 'evil.example'],
    ['http://evil.example/', 'good.example'],
    ['http://good.example/', 'evil.example'],
    ['http://good.example/', 'good.example:8080'],
    ['http://good.example:80/', 'good.example, evil.example'],
    ['http://good.example@evil.example/', 'good.example'],
    ['http://evil.example#@good.example/', 'good.example'],
    ['http://evil.example\\@good.example/', 'good.example'],
    ['http://good.example:443@evil.example/', 'good.example'],
    ['http:///good.example/', 'good.example'],
    ['http:good.example/', 'good.example'],
    ['//good.example/', 'good.example'],
    ['/', 'good.example'],
    ['*', 'good.example'],
    ['https://good.example/', 'good.example'],
    ['ftp://good.example/', 'good.example'],
    ['http://good.example:22/', 'good.example:22'],
    ['http://127.0.0.1/', '127.0.0.1'],
    ['http://0x7f.1/', '0x7f.1'],
    ['http://[::ffff:127.0.0.1]/', '[::ffff:127.0.0.1]'],
    ['http://meta.wild.example/latest/meta-data/', 'meta.wild.example'],
  ])('%s for %s', async (url, host) => {
    const stub = makeStub(world)
    expect(await stub.say(get(url, host))).toMatch(/^HTTP\/1\.1 (?:400|403) /)
    expect(stub.dialled).toEqual([])
  })

  const body = 'a=b'
  it.each<[string, string]>([
    ['two hosts', get('http://good.example/', 'good.example', 'Host: evil.example')],
    ['the same host twice', get('http://good.example/', 'good.example', 'Host: good.example')],
    ['no host', `GET http://good.example/ HTTP/1.1${CRLF}${CRLF}`],
    ['a folded header', get('http://good.example/', 'good.example', 'X: a', ' b: c')],
    ['a space before the colon', get('http://good.example/', 'good.example', 'X : a')],
    ['bare line feeds', get('http://good.example/', 'good.example').replaceAll(CRLF, '\n')],
    ['a NUL in a header', get('http://good.example/', 'good.example', 'X: a\0b')],
    [
      'length and chunks',
      get('http://good.example/', 'good.example', 'Content-Length: 3', 'Transfer-Encoding: chunked') + body,
    ],
    [
      'two lengths',
      get('http://good.example/', 'good.example', 'Content-Length: 3', 'Content-Length: 4') + body,
    ],
    ['a signed length', get('http://good.example/', 'good.example', 'Content-Length: +3') + body],
    ['an odd coding', get('http://good.example/', 'good.example', 'Transfer-Encoding: xchunked') + body],
    [
      'a coding after chunked',
      get('http://good.example/', 'good.example', 'Transfer-Encoding: chunked, gzip'),
    ],
    ['a huge header', get('http://good.example/', 'good.example', `X: ${'a'.repeat(40_000)}`)],
    [
      'many headers',
      get('http://good.example/', 'good.example', ...Array.from({ length: 400 }, (_, at) => `X${at}: a`)),
    ],
    ['nonsense', '\x16\x03\x01'],
    ['HTTP/2 at once', `PRI * HTTP/2.0${CRLF}${CRLF}SM${CRLF}${CRLF}`],
  ])('%s', async (_name, request) => {
    const stub = makeStub(world)
    expect(await stub.say(request)).toMatch(/^(?:HTTP\/1\.1 (?:400|403|431) |$)/)
    expect(stub.dialled).toEqual([])
  })
})

describe('smuggling', () => {
  it('what follows a request is another request, decided about by itself', async () => {
    const seen: string[] = []
    const stub = makeStub({
      ...world,
      server(remote) {
        remote.on('data', (chunk: Buffer) => {
          seen.push(chunk.toString('latin1'))
          remote.end(`HTTP/1.1 200 OK${CRLF}Content-Length: 2${CRLF}${CRLF}ok`)
        })
      },
    })
    const first = get('http://good.example/a', 'good.example')
    const second = get('http://evil.example/b', 'evil.example')
    const answer = await stub.say(first + second, 100)
    expect(answer).toContain('200 OK')
    expect(answer).toContain('403 Forbidden')
    expect(seen.join('')).not.toContain('evil')
    expect(stub.dialled).toEqual(['93.184.216.34:80'])
  })

  it('headers between client and proxy do not go on, and the length is one', async () => {
    const heard = until('x=1')
    const stub = makeStub({ ...world, server: heard.server })
    const headers = [
      'Connection: close, X-Drop',
      'X-Drop: 1',
      'Proxy-Authorization: Basic eA==',
      'TE: trailers',
    ]
    const post = get('http://good.example/p?q', 'good.example', ...headers, 'Content-Length: 3').replace(
      'GET',
      'POST',
    )
    await stub.say(`${post}x=1`, 100)
    expect(heard.text).toMatch(/^POST \/p\?q HTTP\/1\.1\r\n/)
    expect(heard.text).not.toMatch(/X-Drop|Proxy-|TE:/)
    expect(heard.text.match(/content-length/gi)).toHaveLength(1)
  })

  it('a body in chunks says so once, and asks for no other protocol', async () => {
    const heard = until(`0${CRLF}${CRLF}`)
    const stub = makeStub({ ...world, server: heard.server })
    const headers = ['Transfer-Encoding: chunked', 'Upgrade: h2c', 'Keep-Alive: 5', 'Expect: 100-continue']
    const post = get('http://good.example/', 'good.example', ...headers).replace('GET', 'POST')
    expect(await stub.say(`${post}3${CRLF}x=1${CRLF}0${CRLF}${CRLF}`, 100)).toContain('204 No Content')
    expect(heard.text.match(/transfer-encoding: chunked/gi)).toHaveLength(1)
    expect(heard.text).not.toMatch(/upgrade|keep-alive|expect/i)
  })
})

/** The second record begins otherwise. */
function spoiled(hello: Buffer, ...bytes: number[]): Buffer {
  const second = 5 + hello.readUInt16BE(3)
  return Buffer.concat([hello.subarray(0, second), Buffer.from(bytes), hello.subarray(second + bytes.length)])
}

describe('TLS', () => {
  const tunnel = async (hello: Buffer, authority = 'good.example:443') => {
    const stub = makeStub(world)
    const answer = await stub.say(Buffer.concat([Buffer.from(connect(authority)), hello]))
    return { answer, ...stub }
  }

  it.each([
    ['the name that was asked for', clientHello('good.example'), true],
    ['in another case', clientHello('Good.Example'), true],
    ['no name', clientHello(undefined), false],
    ['in several records', clientHello('good.example', 7), true],
    ['another name', clientHello('evil.example'), false],
    ['another name in several records', clientHello('evil.example', 9), false],
    ['a name with a NUL', clientHello('good.example\0.evil.example'), false],
    ['a dot at the end', clientHello('good.example.'), false],
    ['another listed name', clientHello('a.wild.example'), false],
    ['a name that ends in it', clientHello('evilgood.example'), false],
    ['two names', helloOf([serverNames([0, 'good.example'], [0, 'evil.example'])]), false],
    [
      'two lists of names',
      helloOf([serverNames([0, 'good.example']), serverNames([0, 'evil.example'])]),
      false,
    ],
    ['a name of another kind', helloOf([serverNames([1, 'evil.example'], [0, 'good.example'])]), false],
    [
      'more behind the extensions',
      helloOf([serverNames([0, 'good.example'])], 1, { behind: Buffer.alloc(2) }),
      false,
    ],
    ['no hello', helloOf([serverNames([0, 'good.example'])], 1, { type: 2 }), false],
    ['a piece of it in a record of another kind', spoiled(clientHello('good.example', 2), 23), false],
    ['a piece of it in another version', spoiled(clientHello('good.example', 2), 22, 4), false],
    ['half a hello', clientHello('good.example').subarray(0, 40), false],
    ['no TLS', Buffer.from('SSH-2.0-x\r\n'), false],
    ['plain HTTP', Buffer.from(get('/', 'good.example')), false],
    ['a record of nothing', Buffer.from([22, 3, 1, 0, 0]), false],
  ])('%s: dialled %s', async (_name, hello, wanted) => {
    const { dialled, answer } = await tunnel(hello)
    expect(answer).toContain('200 Connection established')
    expect(dialled).toEqual(wanted ? ['93.184.216.34:443'] : [])
  })

  it('reaches the server untouched', async () => {
    let seen = Buffer.alloc(0)
    const hello = clientHello('good.example', 3)
    const stub = makeStub({
      ...world,
      server: (remote) => void remote.on('data', (chunk: Buffer) => (seen = Buffer.concat([seen, chunk]))),
    })
    await stub.say(Buffer.concat([Buffer.from(connect('good.example:443')), hello]))
    expect(seen.equals(hello)).toBe(true)
  })

  it('without a name is for an address that is listed, and for a port that the entry names', async () => {
    expect((await tunnel(clientHello(undefined), '10.9.9.9:443')).dialled).toEqual([])
    expect((await tunnel(clientHello(undefined), '93.184.216.7:443')).dialled).toHaveLength(1)
    expect((await tunnel(clientHello(undefined), 'odd.example:8443')).dialled).toHaveLength(1)
  })

  it('on a port that the entry names, other protocols pass, but no other name', async () => {
    expect((await tunnel(Buffer.from('SSH-2.0-x\r\n'), 'odd.example:8443')).dialled).toHaveLength(1)
    const wrong = await tunnel(clientHello('evil.example'), 'odd.example:8443')
    expect(wrong.verdicts.at(-1)).toMatchObject({ decision: 'refused', host: 'odd.example' })
  })

  it('also where port 443 is named, TLS that can be read in two ways does not pass', async () => {
    const stub = makeStub({ allow: ['good.example:443'] })
    const names = serverNames([0, 'good.example'], [0, 'evil.example'])
    await stub.say(Buffer.concat([Buffer.from(connect('good.example:443')), helloOf([names])]))
    expect([stub.dialled, stub.verdicts.at(-1)?.rule]).toEqual([[], 'broken TLS'])
    await stub.say(Buffer.concat([Buffer.from(connect('good.example:443')), Buffer.from('SSH-2.0-x')]))
    expect(stub.dialled).toHaveLength(1)
  })

  it.each([
    ['the host', get('/', 'good.example'), 1],
    ['another host', get('/', 'evil.example'), 0],
    ['absolute form', get('http://evil.example/', 'evil.example'), 0],
    ['absolute form under the name that was asked for', get('http://evil.example/', 'good.example'), 0],
    ['CONNECT in a tunnel', connect('evil.example:443'), 0],
    ['no HTTP', '\0\0\0', 0],
  ])('a tunnel to port 80 carries requests: %s', async (_name, text, count) => {
    const { dialled } = await tunnel(Buffer.from(text), 'good.example:80')
    expect(dialled).toHaveLength(count)
  })
})

describe('rebinding', () => {
  it('dials the address that was checked, and asks anew for the next connection', async () => {
    const stub = makeStub(world)
    const hello = clientHello('rebind.wild.example')
    const request = Buffer.concat([Buffer.from(connect('rebind.wild.example:443')), hello])
    await stub.say(request)
    expect(await stub.say(request)).toContain('403')
    expect(stub.dialled).toEqual(['93.184.216.34:443'])
  })

  it('of several addresses only public ones are dialled', async () => {
    const stub = makeStub({ allow: ['a.example'], names: { 'a.example': ['10.0.0.1', '93.184.216.34'] } })
    await stub.say(Buffer.concat([Buffer.from(connect('a.example:443')), clientHello('a.example')]))
    expect(stub.dialled).toEqual(['93.184.216.34:443'])
  })
})

describe('SOCKS5', () => {
  const greeting = Buffer.from([5, 1, 0])
  const name = (host: string, port: number, command = 1): Buffer =>
    Buffer.concat([
      Buffer.from([5, command, 0, 3, host.length]),
      Buffer.from(host, 'latin1'),
      Buffer.from([port >> 8, port & 255]),
    ])
  const v4 = (bytes: number[], port: number): Buffer =>
    Buffer.from([5, 1, 0, 1, ...bytes, port >> 8, port & 255])
  const v6 = (last: number[], port: number): Buffer =>
    Buffer.from([
      5,
      1,
      0,
      4,
      ...Array.from({ length: 16 - last.length }, () => 0),
      ...last,
      port >> 8,
      port & 255,
    ])

  it.each<[string, Buffer, number]>([
    ['an unlisted name', name('evil.example', 443), 2],
    ['a listed one on another port', name('good.example', 22), 2],
    ['a name with a NUL', name('good.example\0', 443), 8],
    ['an empty name', name('', 443), 8],
    ['port 0', name('good.example', 0), 8],
    ['BIND', name('good.example', 443, 2), 7],
    ['UDP', name('good.example', 443, 3), 7],
    ['a name that is private', name('inner.wild.example', 443), 2],
    ['an address as a name', name('127.0.0.1', 443), 2],
    ['an odd address as a name', name('127.1', 443), 8],
    ['loopback', v4([127, 0, 0, 1], 443), 2],
    ['metadata', v4([169, 254, 169, 254], 80), 2],
    ['IPv6 loopback', v6([1], 443), 2],
    ['IPv4 in IPv6', v6([0xff, 0xff, 10, 9, 9, 9], 5432), 2],
    ['an unknown type', Buffer.from([5, 1, 0, 9, 1, 1, 1]), 8],
  ])('%s', async (_name, request, reply) => {
    const stub = makeStub(world)
    const answer = Buffer.from(await stub.say(Buffer.concat([greeting, request])), 'latin1')
    expect([...answer.subarray(0, 4)]).toEqual([5, 0, 5, reply])
    expect(stub.dialled).toEqual([])
  })

  it('needs a client without a log-in', async () => {
    expect(await makeStub(world).say(Buffer.from([5, 1, 2]))).toBe('\x05\xff')
  })

  it('carries what is allowed', async () => {
    const stub = makeStub({ ...world, server: (remote) => void remote.pipe(remote) })
    const answer = await stub.say(Buffer.concat([greeting, v4([10, 9, 9, 9], 5432), Buffer.from('hello')]))
    expect(answer).toContain('hello')
    expect(stub.dialled).toEqual(['10.9.9.9:5432'])
  })
})

it('tells the agent which host, why, and that only the user can change it', async () => {
  const answer = await makeStub(world).say(get('http://evil.example/', 'evil.example'))
  expect(answer).toMatch(/^HTTP\/1\.1 403 /)
  expect(answer).toContain('evil.example is refused: not in network.allow')
  expect(answer).toContain('agentbox allow-host evil.example')
})

describe('the proxy of the host', () => {
  it('is asked in place of the host, and only for what is allowed', async () => {
    const asked: string[] = []
    const stub = makeStub({
      ...world,
      upstream: (_, host) => (asked.push(host), { kind: 'http', host: '127.0.0.1', port: 1, tls: false }),
    })
    expect(await stub.say(connect('evil.example:443'))).toContain('403')
    expect(asked).toEqual([])
    expect(await stub.say(get('http://good.example/', 'good.example'), 300)).toContain('502')
    expect(asked).toEqual(['good.example'])
    expect(stub.dialled).toEqual([])
  })

  it('of a kind that is not known is no reason to go directly', async () => {
    const stub = makeStub({ ...world, upstream: () => ({ kind: 'unusable', reason: 'no such kind' }) })
    expect(await stub.say(get('http://good.example/', 'good.example'), 300)).toContain('no such kind')
    await stub.say(Buffer.concat([Buffer.from(connect('good.example:443')), clientHello('good.example')]))
    expect(stub.dialled).toEqual([])
  })
})

/** A server that answers when it has heard all, of which that is the end. */
function until(end: string) {
  const heard = {
    text: '',
    server(remote: Duplex): void {
      remote.on('data', (chunk: Buffer) => {
        heard.text += chunk.toString('latin1')
        if (heard.text.endsWith(end)) remote.end(`HTTP/1.1 204 No Content${CRLF}${CRLF}`)
      })
    },
  }
  return heard
}
