import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readHello } from '../../../src/network/proxy/client-hello.ts'
import { readGreeting, readRequest } from '../../../src/network/proxy/socks.ts'
import { clientHello, makeStub, type World } from './stub.ts'

const LISTED = ['93.184.216.34:80', '93.184.216.34:443', '10.9.9.9:5432']
const world: World = {
  allow: ['good.example', '10.9.9.9:5432'],
  names: { 'good.example': ['93.184.216.34', '127.0.0.1'], 'evil.example': ['203.0.113.1'] },
}

const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array))
const texts = fc
  .array(
    fc.constantFrom(
      ...[
        'CONNECT ',
        'GET ',
        'POST ',
        'http://',
        'https://',
        'good.example',
        'evil.example',
        '127.0.0.1',
        '@',
        ':',
      ],
      ...[
        '443',
        '80',
        '22',
        ' HTTP/1.1',
        ' HTTP/1.0',
        '\r\n',
        '\n',
        '\r\n\r\n',
        'Host: ',
        'Content-Length: ',
        '5',
      ],
      ...[
        'Transfer-Encoding: chunked',
        '0\r\n\r\n',
        ' ',
        '\t',
        '\0',
        '/',
        '\\',
        '#',
        '?',
        '%00',
        '[::1]',
        '\x05\x01\0',
      ],
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'))

/** A good beginning, with some bytes changed. */
const mutated = fc
  .tuple(
    fc.constantFrom(
      Buffer.from('GET http://good.example/ HTTP/1.1\r\nHost: good.example\r\n\r\n'),
      Buffer.from('CONNECT good.example:443 HTTP/1.1\r\nHost: good.example:443\r\n\r\n'),
      Buffer.concat([
        Buffer.from('CONNECT good.example:443 HTTP/1.1\r\nHost: good.example:443\r\n\r\n'),
        clientHello('good.example'),
      ]),
      Buffer.concat([
        Buffer.from([5, 1, 0, 5, 1, 0, 3, 12]),
        Buffer.from('good.example'),
        Buffer.from([1, 187]),
      ]),
      Buffer.from([5, 1, 0, 5, 1, 0, 1, 10, 9, 9, 9, 0x15, 0x38]),
    ),
    fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 4 }),
  )
  .map(([good, changes]) => {
    const copy = Buffer.from(good)
    for (const [at, value] of changes) copy[at % copy.length] = value
    return copy
  })

it('no bytes make the proxy crash, hang, or dial what is not listed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(bytes, texts, mutated), async (input) => {
      const stub = makeStub(world)
      const client = stub.connect()
      const closed = new Promise((resolve) => client.once('close', resolve))
      client.resume()
      client.write(input)
      await new Promise((resolve) => setImmediate(resolve))
      client.destroy()
      await closed
      await new Promise((resolve) => setTimeout(resolve, 1))
      for (const place of stub.dialled) expect(LISTED).toContain(place)
    }),
    { numRuns: 1500, interruptAfterTimeLimit: 20_000 },
  )
})

it('what comes in pieces is read as what comes at once', () => {
  fc.assert(
    fc.property(fc.oneof(bytes, mutated), (input) => {
      const whole = readHello(input)
      for (let size = 0; size < input.length; size += 7) {
        const part = readHello(input.subarray(0, size))
        // More bytes never make another name of a hello, nor a hello of broken ones.
        if (part.kind !== 'more') expect(part).toEqual(whole)
      }
      for (const read of [readGreeting, readRequest]) {
        for (let size = 0; size < Math.min(input.length, 40); size++) {
          const part = read(input.subarray(0, size))
          if (part !== undefined) expect(part).toEqual(read(input))
        }
      }
    }),
    { numRuns: 2000 },
  )
})

it('a hello that is cut or changed anywhere is never read as another listed name', () => {
  const hello = clientHello('good.example', 3)
  for (let at = 0; at < hello.length; at++) {
    expect(readHello(hello.subarray(0, at)).kind).not.toBe('hello')
    for (const flip of [1, 0x80, 0xff]) {
      const changed = Buffer.from(hello)
      changed[at]! ^= flip
      const reading = readHello(changed)
      if (reading.kind === 'hello' && reading.serverName !== undefined)
        expect(reading.serverName).toHaveLength(12)
    }
  }
})
