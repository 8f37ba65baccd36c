import { createServer, type AddressInfo, type Socket } from 'node:net'
import { duplexPair, type Duplex } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { closeRefused } from '../../../src/network/proxy/index.ts'
import { clientHello, makeStub, rulesOf, type Stub, type World } from './stub.ts'

const CRLF = '\r\n'
const connect = (authority: string): string =>
  `CONNECT ${authority} HTTP/1.1${CRLF}Host: ${authority}${CRLF}${CRLF}`

/** Sends these; resolves when all that comes back is there, up to `until`. */
async function open(stub: Stub, parts: readonly (Buffer | string)[], until: RegExp): Promise<Duplex> {
  const client = stub.connect()
  let text = ''
  client.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  for (const part of parts) client.write(part)
  await vi.waitFor(() => expect(text).toMatch(until), 30_000)
  return client
}

/** What leads outside to this host. */
const remoteTo = ({ access }: Stub, host: string): Duplex =>
  [...access.flows!].find(([, route]) => route.host === host)![0]

describe('a proxy that lets through what nothing lists', () => {
  const [own, near] = ['93.184.216.1', '10.0.0.1']
  const world: World = {
    allow: [],
    deny: ['no.example', '93.184.216.9'],
    names: { 'near.example': [near], 'own.example': [own], 'denied.example': ['93.184.216.9'] },
    own: [own],
    permissive: true,
  }

  it.each([
    ...['127.0.0.1:80', '127.0.0.1:443', `${near}:443`, '169.254.169.254:80', '[::1]:443', '[fe80::1]:443'],
    ...[`${own}:443`, '93.184.216.9:443', 'near.example:443', 'own.example:443', 'denied.example:443'],
    ...['no.example:443', 'no.example:22'],
  ])('leads to nothing near, and to nothing that is denied: %s', async (authority) => {
    const stub = makeStub(world)
    const hello = clientHello(authority.slice(0, authority.lastIndexOf(':')))
    expect(await stub.say(Buffer.concat([Buffer.from(connect(authority)), hello]))).toContain(' 403 ')
    expect(stub.dialled).toEqual([])
    expect(stub.verdicts).toMatchObject([{ decision: 'refused' }])
  })

  it('leads to any other place, and tells', async () => {
    const stub = makeStub({ ...world, server: (remote) => remote.end('reached') })
    await open(stub, [connect('far.example:443'), clientHello('far.example')], /reached$/)
    expect(stub.verdicts).toMatchObject([{ decision: 'refused', rule: /let through by --learn-permit/ }])
  })
})

describe('rules that become stricter', () => {
  const greeting = (remote: Duplex): void => void remote.write('hello')
  const tls = (host: string): [string, Buffer] => [connect(`${host}:443`), clientHello(host)]
  const world: World = {
    allow: ['good.example', 'other.example', 'near.example', '10.0.0.1', 'own.example', '93.184.216.1'],
    names: { 'near.example': ['10.0.0.1'], 'own.example': ['93.184.216.1'] },
    own: ['93.184.216.1'],
    server: greeting,
  }

  it.each<[string, string, Pick<World, 'allow' | 'deny'>, RegExp]>([
    ['no longer listed', 'good.example', { allow: ['other.example'] }, /not in network\.allow/],
    ['denied', 'good.example', { ...world, deny: ['good.example'] }, /network\.deny/],
    ['at an address that must be listed', 'near.example', { allow: ['near.example'] }, /10\.0\.0\.1/],
    ['at an address of this machine', 'own.example', { allow: ['own.example'] }, /this machine's own/],
    ['at an address that is denied', 'near.example', { ...world, deny: ['10.0.0.1'] }, /network\.deny/],
  ])('end what leads to a host that is %s, and nothing else', async (_what, host, stricter, rule) => {
    const stub = makeStub({ ...world, allow: [...world.allow, 'stays.example'] })
    await Promise.all([host, 'stays.example'].map((one) => open(stub, tls(one), /hello$/)))
    const [gone, stays] = [remoteTo(stub, host), remoteTo(stub, 'stays.example')]
    stub.access.rules = rulesOf({ ...stricter, allow: [...stricter.allow, 'stays.example'] })
    expect(closeRefused(stub.access)).toBe(1)
    expect([gone.destroyed, stays.destroyed]).toEqual([true, false])
    expect(stub.verdicts.at(-1)).toMatchObject({ decision: 'refused', host, rule })
  })

  it('end what was admitted without a look at what it says', async () => {
    const stub = makeStub({ allow: ['good.example:443'], server: greeting })
    await open(stub, [connect('good.example:443'), 'anything'], /hello$/)
    const gone = remoteTo(stub, 'good.example')
    stub.access.rules = rulesOf({ allow: ['good.example'] })
    expect(closeRefused(stub.access)).toBe(1)
    expect(gone.destroyed).toBe(true)
    expect(stub.verdicts.at(-1)).toMatchObject({ rule: 'port 443 is not named' })
  })

  it('end what is denied also where everything is let through', async () => {
    const stub = makeStub({ allow: [], permissive: true, server: greeting })
    await open(stub, tls('far.example'), /hello$/)
    const gone = remoteTo(stub, 'far.example')
    expect(closeRefused(stub.access)).toBe(0)
    stub.access.rules = rulesOf({ allow: [], deny: ['far.example'] })
    expect(closeRefused(stub.access)).toBe(1)
    expect(gone.destroyed).toBe(true)
  })

  it('hold for what was admitted before and connects after', async () => {
    const stub = makeStub(world)
    const [near, far] = duplexPair()
    let connected = (): void => {}
    let dialling = false
    stub.access.dial = () => {
      dialling = true
      return new Promise((resolve) => (connected = () => resolve(near)))
    }
    const client = stub.connect().resume()
    for (const part of tls('good.example')) client.write(part)
    await vi.waitFor(() => expect(dialling).toBe(true), 30_000)
    stub.access.rules = rulesOf({ allow: [] })
    expect(closeRefused(stub.access)).toBe(0)
    let got = 0
    far.on('data', (chunk: Buffer) => (got += chunk.length)).on('error', () => {})
    connected()
    await vi.waitFor(() => expect(near.destroyed).toBe(true), 30_000)
    expect([got, stub.access.flows!.size]).toEqual([0, 0])
  })

  it('hold for the next request in a tunnel', async () => {
    let requests = 0
    const server = (remote: Duplex): void =>
      void remote.on('data', () => {
        requests++
        remote.end(`HTTP/1.1 200 OK${CRLF}Content-Length: 2${CRLF}${CRLF}ok`)
      })
    const stub = makeStub({ ...world, server })
    const get = `GET / HTTP/1.1${CRLF}Host: good.example${CRLF}${CRLF}`
    const client = await open(stub, [connect('good.example:80'), get], /ok$/)
    stub.access.rules = rulesOf({ allow: [] })
    let text = ''
    client.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    client.write(get)
    await vi.waitFor(() => expect(text).toContain('403 Forbidden'), 30_000)
    expect(requests).toBe(1)
    expect(stub.verdicts.at(-1)).toMatchObject({
      decision: 'refused',
      rule: 'not in network.allow',
      via: 'http',
    })
  })

  it('end a request that the proxy of this machine carries, and begin none that was admitted', async () => {
    const seen: Socket[] = []
    const server = createServer((socket) => void seen.push(socket.on('error', () => {}).resume()))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const stub = makeStub({
      ...world,
      upstream: () => ({ kind: 'http', host: '127.0.0.1', port, tls: false }),
    })
    const get = `GET http://good.example/ HTTP/1.1${CRLF}Host: good.example${CRLF}${CRLF}`
    const open = (): Promise<void> => {
      stub.connect().resume().write(get)
      return vi.waitFor(() => expect(stub.access.flows!.size).toBe(1), 30_000)
    }
    await open()
    const gone = remoteTo(stub, 'good.example')
    stub.access.rules = rulesOf({ allow: [] })
    expect(closeRefused(stub.access)).toBe(1)
    expect(gone.destroyed).toBe(true)
    stub.access.rules = rulesOf(world)
    const { report } = stub.access
    stub.access.report = (verdict) => {
      report(verdict)
      stub.access.rules = rulesOf({ allow: [] })
    }
    let text = ''
    const client = stub.connect().on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    client.write(get)
    await vi.waitFor(() => expect(text).toMatch(/^HTTP\/1\.1 403 /), 30_000)
    server.close()
    for (const socket of seen) socket.destroy()
  })
})
