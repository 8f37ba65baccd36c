import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, closeSync, constants, mkdtempSync, openSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { as } from '../../support/who.ts'
import type { Bench } from '../launcher/box.ts'
import { identityOf, makeHandBench, openBox } from './box.ts'

/** `npm run fuzz -- --seconds N` gives each of the three more. */
const SECONDS = Number(process.env['AGENTBOX_FUZZ_SECONDS'] ?? 1.5)
const FEWEST = 3
const limit = SECONDS * 1000 + 180_000

let bench: Bench
let helper: string
beforeAll(() => {
  bench = makeHandBench()
  helper = sanitized(bench.dir)
})
afterAll(() => bench.remove())

/** The helper with address and undefined-behaviour sanitizer: the first finding ends it with status 99. */
function sanitized(dir: string): string {
  const native = resolve(import.meta.dirname, '../../../native')
  const out = mkdtempSync(join(dir, 'sanitized-'))
  const options = 'const char *__asan_default_options(void) { return "detect_leaks=0:exitcode=99"; }\n'
  writeFileSync(join(out, 'options.c'), options)
  const sources = readdirSync(native).filter((name) => name.endsWith('.c'))
  execFileSync('cc', [
    ...['-std=gnu11', '-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
    ...['-o', join(out, 'helper'), join(out, 'options.c'), ...sources.map((name) => join(native, name))],
  ])
  chmodSync(out, 0o755)
  return join(out, 'helper')
}

/** The same numbers on every run (xorshift). */
function makeRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

type Random = (below: number) => number
const bytes = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => random(256)))
const one = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!
const lengths = [0, 1, 2, 15, 16, 17, 31, 32, 255, 4095, 4096, 4097, 70_000, 1 << 20, (1 << 20) + 1, -1]

interface Seen {
  status: number | null
  stderr: string
}

/** Starts the helper with these bytes on descriptor 3, in pieces of any size. */
function feed(
  argv: [string, ...string[]],
  input: Buffer,
  stdin: number | 'ignore' = 'ignore',
): Promise<Seen> {
  const child = spawn(argv[0], argv.slice(1), { stdio: [stdin, 'ignore', 'pipe', 'pipe', 'pipe', 'pipe'] })
  const [control, ...others] = child.stdio.slice(3) as Duplex[]
  let stderr = ''
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString('latin1')))
  for (const stream of [control!, ...others]) stream.on('error', () => {}).resume()
  control!.end(input)
  for (const stream of others) stream.end()
  return new Promise((done) => child.once('close', (status) => done({ status, stderr })))
}

/** A slow machine does it a few times, too. */
async function often(seed: number, once: (random: Random) => Promise<void>): Promise<void> {
  const random = makeRandom(seed)
  const end = Date.now() + SECONDS * 1000
  for (let count = 0; count < FEWEST || Date.now() < end; count++) await once(random)
}

const clean = ({ status, stderr }: Seen, statuses: readonly number[]): void => {
  expect(stderr).not.toMatch(/Sanitizer|runtime error/)
  expect(statuses).toContain(status)
}

it('join: requests, whole and broken, in a box of its own', { timeout: limit }, async () => {
  const box = await openBox(bench, 'user', {
    spec: { helper },
    bwrapArgs: ['--ro-bind', helper, '/run/agentbox/init'],
  })
  const [file, dir] = [box.file('.env'), box.dir('directory')]
  expect(await box.mask(file)).not.toHaveProperty('error')
  const paths = [file, dir, `${dir}/..`, `${file}/x`, '/', '', 'x', '/proc/self/root', `${box.project}/a\0b`]
  const identities = [file, dir, '/'].map(identityOf)
  const request = (random: Random): Buffer => {
    const path = random(4) === 0 ? bytes(random, random(300)) : Buffer.from(one(random, paths))
    const text = bytes(random, one(random, [0, 1, 16, 16, 40, 5000]))
    const { dev, ino } = one(random, identities)
    const header = Buffer.alloc(32)
    header.writeUInt32LE(random(12), 0)
    header.writeUInt32LE(random(20), 4)
    header.writeBigUInt64LE(random(3) === 0 ? BigInt(random(70_000)) : BigInt(dev), 8)
    header.writeBigUInt64LE(BigInt(ino), 16)
    header.writeUInt32LE(random(40) === 0 ? one(random, lengths) >>> 0 : path.length, 24)
    header.writeUInt32LE(random(40) === 0 ? one(random, lengths) >>> 0 : text.length, 28)
    return Buffer.concat([header, path, text])
  }
  await often(4711, async (random) => {
    const stdin = openSync(`/proc/${box.pid}`, constants.O_RDONLY | constants.O_DIRECTORY)
    const all = Buffer.concat(Array.from({ length: 1 + random(60) }, () => request(random)))
    // 125: an earlier request has covered what join needs, `/` for instance; it says so and ends.
    clean(await feed(as('user', [helper, 'join']), all, stdin), [0, 125])
    closeSync(stdin)
  })
  expect(await box.end()).not.toMatch(/Sanitizer|runtime error/)
})

const orderOf = (numbers: readonly number[]): Buffer[] =>
  numbers.map((number) => {
    const body = Buffer.from(number === 2 ? '' : '/nowhere\0')
    const header = Buffer.alloc(8)
    header.writeUInt32LE(number, 0)
    header.writeUInt32LE(body.length, 4)
    return Buffer.concat([header, body])
  })

it.each([
  ['a program', [1, 5, 6, 2]],
  ['an environment', [0, 5, 6, 2]],
  ['the arguments of bwrap', [0, 1, 6, 2]],
  ['a filter of system calls', [0, 1, 5, 2]],
  ['the files between, where another descriptor would come to lie', [0, 1, 5, 6, 11, 2]],
  ['an order of them', [0, 1, 6, 5, 2]],
])('launch starts nothing without %s', async (_what, numbers) => {
  clean(await feed(as('user', [helper, 'launch']), Buffer.concat(orderOf(numbers))), [125])
})

it('launch: orders, whole and broken', { timeout: limit }, async () => {
  const record = (random: Random): Buffer => {
    const body =
      random(3) === 0 ? Buffer.from('/nowhere\0--\0') : bytes(random, one(random, [0, 1, 9, 300, 5000]))
    const header = Buffer.alloc(8)
    header.writeUInt32LE(
      random(20) === 0 ? one(random, lengths) >>> 0 : one(random, [0, 1, 5, 6, 10, 11, 2]),
      0,
    )
    header.writeUInt32LE(random(20) === 0 ? one(random, lengths) >>> 0 : body.length, 4)
    return Buffer.concat([header, body])
  }
  const order = orderOf([0, 1, 5, 6, 2])
  clean(await feed(as('user', [helper, 'launch']), Buffer.concat(order)), [0])
  await often(815, async (random) => {
    const records = random(2) === 0 ? order.slice(0, random(5)) : []
    const noise = Array.from({ length: random(12) }, () => record(random))
    clean(await feed(as('user', [helper, 'launch']), Buffer.concat([...records, ...noise])), [0, 125])
  })
})

it('init: options', { timeout: limit }, async () => {
  const words = [
    '--processes',
    '--open-files',
    '--memory',
    '--',
    '1',
    '0',
    '-1',
    '99999999999999999999',
    '',
    'x',
  ]
  await often(42, async (random) => {
    const options = Array.from({ length: random(8) }, () => one(random, words))
    clean(await feed(as('user', [helper, 'init', ...options]), Buffer.alloc(0)), [125])
  })
})
