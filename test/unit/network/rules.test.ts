import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress, specialAddress } from '../../../src/network/rules/address.ts'
import { compileRules, decide, refusedAddress } from '../../../src/network/rules/decide.ts'
import { expandEntry, readEntry } from '../../../src/network/rules/entry.ts'
import { readAuthority, readHost } from '../../../src/network/rules/host.ts'
import { presets } from '../../../src/network/rules/presets.ts'
import type { Sourced } from '../../../src/policy/types.ts'

const sourced = (list: readonly string[]): Sourced<string>[] =>
  list.map((value) => ({ value, origin: { layer: 'user' } }))
const rules = (allow: readonly string[], deny: readonly string[] = []) =>
  compileRules({ allow: sourced(allow), deny: sourced(deny) }, ['api.agent.example'])

describe('decide', () => {
  it.each<[string[], string, boolean]>([
    [['example.com'], 'example.com:443', true],
    [['example.com'], 'example.com:80', true],
    [['example.com'], 'EXAMPLE.com:443', true],
    [['example.com'], 'example.com:8080', false],
    [['example.com'], 'a.example.com:443', false],
    [['example.com'], 'evil-example.com:443', false],
    [['example.com'], 'example.com.evil.net:443', false],
    [['example.com'], 'xexample.com:443', false],
    [['*.example.com'], 'a.example.com:443', true],
    [['*.example.com'], 'a.b.example.com:443', true],
    [['*.example.com'], 'example.com:443', false],
    [['*.example.com'], 'evilexample.com:443', false],
    [['*.example.com'], 'a.example.com.evil.net:443', false],
    [['example.com:8080'], 'example.com:8080', true],
    [['example.com:8080'], 'example.com:443', false],
    [['@agent'], 'api.agent.example:443', true],
    [['@npm'], 'registry.npmjs.org:443', true],
    [['@npm'], 'npmjs.org:443', false],
    [['@github'], 'github.com:22', true],
    [['@gitlab'], 'gitlab.com:22', true],
    [['bücher.example'], 'xn--bcher-kva.example:443', true],
    [['10.0.0.5'], '10.0.0.5:443', true],
    [['10.0.0.5'], '10.0.0.6:443', false],
    [['10.0.0.5:5432'], '10.0.0.5:5432', true],
    [['[fd00::1]:80'], '[fd00:0:0::1]:80', true],
    [[], 'example.com:443', false],
  ])('%j: %s → %s', (allow, authority, wanted) => {
    expect(decide(rules(allow), readAuthority(authority, undefined)!).allowed).toBe(wanted)
  })

  it.each<[string[], string[], string, boolean]>([
    [['*.example.com'], ['bad.example.com'], 'bad.example.com:443', false],
    [['*.example.com'], ['bad.example.com'], 'good.example.com:443', true],
    [['example.com'], ['*.example.com'], 'example.com:443', true],
    [['example.com:22', 'example.com'], ['example.com:22'], 'example.com:22', false],
    [['example.com:22', 'example.com'], ['example.com:22'], 'example.com:443', true],
    [['@github'], ['github.com'], 'github.com:22', false],
    [['@agent'], ['@agent'], 'api.agent.example:443', false],
  ])('%j without %j: %s → %s', (allow, deny, authority, wanted) => {
    expect(decide(rules(allow, deny), readAuthority(authority, undefined)!).allowed).toBe(wanted)
  })

  it('says by which rule and where it stands', () => {
    const origin = { layer: 'repo', file: '.agentboxrc', line: 3 } as const
    const list = compileRules({ allow: [{ value: '@npm', origin }], deny: [] }, [])
    expect(decide(list, readAuthority('registry.npmjs.org:443', 0)!)).toMatchObject({ rule: '@npm', origin })
  })
})

describe('readHost', () => {
  it.each([
    ...['example.com.', '.example.com', 'a..b', '-a.b', 'a-.b', 'a_b.c', '*.a.b', 'a b', '', 'a\0.b', 'a\n'],
    ...['user@example.com', 'example.com/x', 'exämple.com', 'example。com', 'ｅxample.com', 'example.com%2e'],
    ...['127.1', '2130706433', '0x7f.0.0.1', '0x7f000001', '0177.0.0.1', '127.0.0.01', '1.2.3', '1.2.3.4.5'],
    ...['256.1.1.1', '1.2.3.4.', '[::1', '[fe80::1%eth0]', '[1.2.3.4]', '::1::', '[::g]', 'a:b'],
    ...[`${'a'.repeat(64)}.b`, `${'a.'.repeat(127)}bc`, '１２７.0.0.1', '①.com'],
  ])('refuses %j', (text) => expect(readHost(text)).toBeUndefined())

  it.each([
    ['Example.COM', 'example.com'],
    ['localhost', 'localhost'],
    ['1.2.3.4', '1.2.3.4'],
    ['[::FFFF:1.2.3.4]', '0:0:0:0:0:ffff:102:304'],
    ['::1', '0:0:0:0:0:0:0:1'],
  ])('reads %j', (text, wanted) => expect(Object.values(readHost(text)!)[1]).toBe(wanted))

  it.each(['a@b:1', 'a:b@c:443', 'a:0', 'a:65536', 'a:', 'a:1:2', '[::1]x:1', 'a:01', 'http://a:80', 'a :1'])(
    'no authority: %j',
    (text) => expect(readAuthority(text, 80)).toBeUndefined(),
  )
})

describe('addresses', () => {
  it.each([
    ...['0.0.0.0', '10.0.0.1', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.255.254'],
    ...['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.168.1.1', '198.18.0.1'],
    ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '168.63.129.16', '100.100.100.200'],
    ...['::', '::1', '::ffff:8.8.8.8', '::8.8.8.8', '64:ff9b::808:808', '64:ff9b:1::1', '2002:808:808::1'],
    ...['2001::1', '2001:db8::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fec0::1', 'ff02::1', '100::1'],
    ...['4000::1', '3fff::1', '192.0.2.1', '192.88.99.1', '198.19.255.255', '198.51.100.1', '203.0.113.1'],
  ])('%s is not public', (text) => {
    expect(specialAddress(parseAddress(text)!)).toBeTypeOf('string')
    expect(refusedAddress(rules(['example.com']), text, 443)).toBeTypeOf('string')
  })

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '192.0.1.1', '2606:4700::1', '2a00:1450::1'])(
    '%s is',
    (text) => expect(refusedAddress(rules([]), text, 443)).toBeUndefined(),
  )

  it('one that is listed itself may be dialled, on its port', () => {
    const list = rules(['127.0.0.1:5432', '[fd00::1]'])
    expect(refusedAddress(list, '127.0.0.1', 5432)).toBeUndefined()
    expect(refusedAddress(list, 'fd00::1', 443)).toBeUndefined()
    expect(refusedAddress(list, '127.0.0.1', 80)).toBeTypeOf('string')
  })

  it('one that is denied may not', () => {
    expect(refusedAddress(rules([], ['8.8.8.8']), '8.8.8.8', 443)).toContain('network.deny')
  })
})

describe('presets', () => {
  const hosts = Object.entries(presets).flatMap(([name, { hosts: list }]) =>
    list.map((host) => [name, host] as const),
  )
  it.each(hosts)('@%s: %s is an entry of one host', (_name, host) => {
    expect(readEntry(host)).toMatchObject({ kind: 'name', below: false })
    expect(expandEntry(host, [])).toHaveLength(1)
  })
})

describe('any text', () => {
  it('is no listed host unless it is the host itself', () => {
    const list = rules(['example.com', '*.example.org'])
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('example.com', 'a.example.org'),
        (text, host) => {
          for (const spelt of [text, text + host, host + text, `${text}.${host}`]) {
            const target = readHost(spelt)
            if (target === undefined || target.kind !== 'name') continue
            if (!decide(list, { target, port: 443 }).allowed) continue
            expect(/^(?:example\.com|(?:[a-z0-9-]+\.)+example\.org)$/.test(spelt.toLowerCase())).toBe(true)
          }
        },
      ),
    )
  })

  it('has one reading as an entry', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const entry = readEntry(text)
        if (entry.kind === 'name') expect(entry.name).toMatch(/^[a-z0-9.-]+$/)
      }),
    )
  })
})
