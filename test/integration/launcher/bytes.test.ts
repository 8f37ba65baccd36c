import { spawnSync } from 'node:child_process'
import { openSync, closeSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fromBytes } from '../../../src/host/bytes.ts'
import { makeBench, type Bench } from './box.ts'

let bench: Bench
beforeAll(() => {
  bench = makeBench()
})
afterAll(() => bench.remove())

const inBytes = (...bytes: number[]): string => fromBytes(Buffer.from(bytes))
const hex = (list: readonly string[]): string => list.map((text) => `${text}\0`).join('')

test.each<[string, string[]]>([
  ['spaces and line ends', ['a b', 'c\nd', '\t', '\r\n']],
  ['empty strings', ['', '', 'x', '']],
  ['what looks like an option', ['--help', '-s', '--', '--version', '-', '--processes', '3']],
  ['shell syntax', ['$HOME', '`id`', '"', "'", '*', '\\']],
  ['other scripts', ['ä', '日本', '😀', '\u202e']],
  ['100 KB', ['x'.repeat(100_000)]],
])('arguments: %s', async (_, args) => {
  const done = await bench.run('user', ['printf', String.raw`%s\0`, ...args])
  expect(Buffer.from(done.stdout, 'latin1').toString('utf8')).toBe(hex(args))
})

test('arguments, environment and working directory of any bytes', async () => {
  const odd = inBytes(0x66, 0xff, 0x80, 0x0a, 0xc3)
  const done = await bench.run('user', [], {
    bwrapArgs: ['--dir', `/tmp/${odd}`, '--chdir', `/tmp/${odd}`],
    spec: {
      command: ['sh', '-c', String.raw`printf '%s\0' "$1" "$ODD"; pwd`, 'sh', odd],
      env: { PATH: '/usr/bin:/bin', ODD: odd },
    },
  })
  expect(done.stdout).toBe('f\xff\x80\n\xc3\0f\xff\x80\n\xc3\0/tmp/f\xff\x80\n\xc3\n')
})

test('the environment is the given one, for bwrap and pid 1 too', async () => {
  const done = await bench.run('root', ['env'])
  expect(done.stdout.trim().split('\n').toSorted()).toEqual(['LANG=C', 'PATH=/usr/bin:/bin', 'PWD=/tmp'])
})

test('a NUL byte cannot make an option of its own', async () => {
  const done = await bench.run('user', [], { spec: { command: ['true', 'a\0--bind'] } })
  expect(done.stderr).toContain('it has a NUL byte')
  expect(done.status).not.toBe(0)
})

test('data descriptors, also large ones', async () => {
  const large = Buffer.alloc(3 << 20, 'agentbox ')
  const done = await bench.run('user', ['sh', '-c', 'cat /tmp/small; cksum < /tmp/large'], {
    bwrapArgs: ['--ro-bind-data', '10', '/tmp/small', '--ro-bind-data', '11', '/tmp/large'],
    spec: { data: [Buffer.from('small\n').toString('base64'), large.toString('base64')] },
  })
  const expected = spawnSync('cksum', { input: large, encoding: 'latin1' }).stdout
  expect(done.stdout).toBe(`small\n${expected}`)
})

test('no descriptor above 2 inside, whatever is open outside', async () => {
  const fds = Array.from({ length: 20 }, () => openSync('/etc/passwd', 'r'))
  const done = await bench.run('root', ['bash', '-c', 'exec 2>&1; echo /proc/$$/fd/*'], { fds })
  for (const fd of fds) closeSync(fd)
  // bash itself keeps 255 only when it reads a script from a file.
  expect(done.stdout).toMatch(
    /^\/proc\/\d+\/fd\/0 \/proc\/\d+\/fd\/1 \/proc\/\d+\/fd\/2( \/proc\/\d+\/fd\/3)?\n$/,
  )
})

test('limits: no core files, and the number of processes', async () => {
  const script = 'ulimit -c; ulimit -Hc; ulimit -u'
  // Where no core is dumped anyway, nothing would be shown by that.
  const through = ['bash', '-c', 'ulimit -Sc hard; exec "$@"', 'bash']
  const spec = { limits: { processes: 77 } }
  const done = await bench.run('user', ['bash', '-c', script], { spec, through })
  expect(done.stdout).toBe('0\n0\n77\n')
})
