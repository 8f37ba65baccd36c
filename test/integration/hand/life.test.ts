import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { childrenOf } from '../../support/processes.ts'
import { eventually } from '../../support/spawn.ts'
import { as, type Who } from '../../support/who.ts'
import type { Bench } from '../launcher/box.ts'
import { identityOf, makeHandBench, mountNamespace, openBox, processesOf, type HandBox } from './box.ts'

let bench: Bench
beforeAll(() => {
  bench = makeHandBench()
})
afterAll(() => bench.remove())

const everybody: Who[] = ['user', 'root']

describe.each(everybody)('the joined process, as %s', (who) => {
  it('is closed to others, made of nothing but the helper, and gone with the box', async () => {
    const box = await openBox(bench, who)
    const joiner = box.joiner()
    const namespace = mountNamespace(box.pid)
    expect(mountNamespace(joiner)).toBe(namespace)
    expect(statSync(`/proc/${joiner}/fd`).uid).toBe(0)
    const look = await bench.shell(['cat', `/proc/${joiner}/environ`], 'user')
    expect(look.stderr).toContain('Permission denied')
    const files = readFileSync(`/proc/${joiner}/maps`, 'latin1').match(/\/.*/g)
    expect([...new Set(files)]).toEqual([readlinkSync(`/proc/${joiner}/exe`)])
    await box.call('rejoin')
    expect(processesOf(namespace, bench.helper).length).toBeGreaterThan(3)
    await box.end()
    expect(await eventually(() => processesOf(namespace, bench.helper).length === 0)).toBe(true)
  })

  it.each(['SIGKILL', 'SIGSTOP'] as const)('is noticed after %s, and replaced', async (signal) => {
    const box = await openBox(bench, who)
    const [path, joiner] = [box.file('.env'), box.joiner()]
    const lost = box.call('lost')
    process.kill(joiner, signal)
    const began = Date.now()
    expect(await box.mask(path)).toMatchObject({ thrown: expect.stringContaining('the helper in the box') })
    expect(await lost).toBe(true)
    // After a second; less than the ten that it may need to join.
    expect(Date.now() - began).toBeLessThan(9000)
    expect(await eventually(() => !existsSync(`/proc/${joiner}`))).toBe(true)
    await box.call('rejoin')
    expect(await box.mask(path)).not.toHaveProperty('error')
    const shown = await box.mask(box.file('shown'), { kind: 'text', text: 'A=' })
    await box.call('rejoin')
    await box.mask(box.file('other'), { kind: 'text', text: 'B=' })
    expect(await box.call('rewrite', shown.token, 'C=')).not.toHaveProperty('error')
    expect(await box.inside('cat .env shown other')).toBe('C=B=')
    await box.end()
  })

  it('takes no place in a box whose process 1 is gone, which counts as ended before that is told', async () => {
    const box = await openBox(bench, who)
    const launch = childrenOf(box.node.pid!)[0]!
    process.kill(launch, 'SIGSTOP')
    expect(await box.call('ended')).toBe(false)
    process.kill(box.pid, 'SIGKILL')
    expect(await eventually(() => !existsSync(`/proc/${box.pid}`))).toBe(true)
    expect(await box.call('rejoin')).toHaveProperty('thrown')
    expect(await box.call('ended')).toBe(true)
    process.kill(launch, 'SIGCONT')
    expect(await eventually(() => !existsSync(`/proc/${launch}`))).toBe(true)
  })

  it.each([
    ['node', 'forked'],
    ['launch', 'forked'],
    ['node', 'started'],
  ] as const)('does not outlive %s, not even stopped, when it was %s', async (part, how) => {
    const box = await openBox(bench, who)
    const namespace = mountNamespace(box.pid)
    const launch = childrenOf(box.node.pid!)[0]!
    if (how === 'started') await box.call('rejoin')
    const joiner = how === 'started' ? childrenOf(box.node.pid!).find((pid) => pid !== launch)! : box.joiner()
    expect(mountNamespace(joiner)).toBe(namespace)
    process.kill(joiner, 'SIGSTOP')
    process.kill(part === 'node' ? box.node.pid! : launch, 'SIGKILL')
    expect(await eventually(() => processesOf(namespace, bench.helper).length === 0)).toBe(true)
  })
})

it('the joined process is not taken for lost while Node is busy', async () => {
  const box = await openBox(bench, 'user')
  const path = box.file('.env')
  const lost = box.call('lost').then(() => 'lost')
  expect(await box.call('maskAndBlock', path, identityOf(path), 1500)).not.toHaveProperty('error')
  expect(await Promise.race([lost, box.call('pid')])).toBe(box.pid)
  expect(await box.inside('cat .env')).toBe('')
  await box.end()
})

describe('requests as nobody should make them', () => {
  let box: HandBox
  beforeAll(async () => {
    box = await openBox(bench, 'user')
  })
  afterAll(() => box.end())

  const header = (kind: number, id: number, path: number, text = 0): Buffer => {
    const bytes = Buffer.alloc(32)
    for (const [value, at] of [
      [kind, 0],
      [id, 4],
      [path, 24],
      [text, 28],
    ] as const)
      bytes.writeUInt32LE(value, at)
    return bytes
  }
  const greeted = async (stream: Duplex): Promise<Buffer> => (await answers(stream, 1))[0]!

  it('are answered when they come in pieces', async () => {
    const [child, stream] = joinRaw(box)
    await greeted(stream)
    const whole = Buffer.concat([header(6, 77, 1), Buffer.from('/'), header(99, 78, 0), header(1, 79, 2)])
    for (const byte of [...whole, 0x2f, 0]) {
      stream.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const [protect, unknown, nul] = await answers(stream, 3)
    expect(protect!.readUInt32LE(0)).toBe(77)
    expect(protect!.readInt32LE(4)).toBe(17)
    expect([unknown!.readUInt32LE(0), unknown!.readInt32LE(4)]).toEqual([78, 22])
    expect([nul!.readUInt32LE(0), nul!.readInt32LE(4)]).toEqual([79, 22])
    stream.destroy()
    expect(await endOf(child)).toEqual([0, null])
  })

  it.each<[string, Buffer]>([
    ['a header that is cut off', header(1, 1, 5).subarray(0, 20)],
    ['a path that is cut off', Buffer.concat([header(1, 1, 5), Buffer.from('/a')])],
    ['a path that is too long', header(1, 1, 4097)],
    ['a length near the limit of its type', header(3, 1, 0xffffffff, 0xffffffff)],
    ['a text that is too long', header(3, 1, 1, (1 << 20) + 1)],
    ['noise', Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * 7919 + (n >> 3)) & 255))],
    ['nothing', Buffer.alloc(0)],
  ])('end it: %s', async (_, bytes) => {
    const [child, stream] = joinRaw(box)
    await greeted(stream)
    stream.end(bytes)
    stream.resume()
    expect(await endOf(child)).toEqual([0, null])
  })

  it('do not let it into what is no box', async () => {
    const [child, stream] = joinRaw({ pid: process.pid })
    const greeting = await greeted(stream)
    expect(greeting.readInt32LE(4)).not.toBe(0)
    expect(await endOf(child)).toEqual([125, null])
  })

  it('do not lead it to a later process with the number of the box', async () => {
    const child = spawn('sleep', ['60'])
    const directory = openSync(`/proc/${child.pid}`, constants.O_RDONLY | constants.O_DIRECTORY)
    child.kill('SIGKILL')
    await endOf(child)
    const [late, stream] = joinRaw({ directory })
    expect((await greeted(stream)).readInt32LE(4)).toBeGreaterThan(0)
    expect(await endOf(late)).toEqual([125, null])
  })

  function joinRaw({ pid, directory }: { pid?: number; directory?: number }): [ChildProcess, Duplex] {
    const process = directory ?? openSync(`/proc/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY)
    const argv = as('user', [bench.helper, 'join'])
    const stdio = [process, 'inherit', 'inherit', 'pipe'] as const
    const child = spawn(argv[0], argv.slice(1), { stdio: [...stdio] })
    closeSync(process)
    const stream = child.stdio[3] as Duplex
    stream.on('error', () => {})
    return [child, stream]
  }
})

it('runs nothing of what is in the box', async () => {
  const dir = mkdtempSync(join(bench.dir, 'canary-'))
  const source = join(dir, 'canary.c')
  writeFileSync(source, CANARY.replace('SUNG', join(dir, 'sung')))
  execFileSync('cc', ['-static', '-O1', '-o', join(dir, 'canary'), source])
  execFileSync('chmod', ['-R', '755', dir])
  const sung = join(dir, 'sung')
  writeFileSync(sung, '')
  execFileSync('chmod', ['666', sung])
  const places = ['ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1', 'libc.so.6'].flatMap((name) =>
    ['/lib', '/lib64', '/usr/lib'].map((at) => `${at}/${name}`),
  )
  const programs = ['sh', 'bash', 'mount', 'umount', 'env', 'node'].flatMap((name) => [
    `/bin/${name}`,
    `/usr/bin/${name}`,
    `/sbin/${name}`,
  ])
  const box = await openBox(bench, 'user', {
    command: ['/canary', 'shell'],
    spec: {
      bwrapArgs: [
        ...['--unshare-all', '--unshare-user', '--disable-userns', '--cap-drop', 'ALL', '--as-pid-1'],
        ...['--die-with-parent', '--proc', '/proc', '--ro-bind', bench.helper, '/run/agentbox/init'],
        ...['--tmpfs', '/run/agentbox/masks', '--remount-ro', '/run/agentbox/masks', '--bind', dir, dir],
        ...[...places, ...programs, '/canary'].flatMap((at) => ['--ro-bind', join(dir, 'canary'), at]),
      ],
    },
    project: dir,
  })
  const path = box.file('.env')
  for (let round = 0; round < 2; round++) {
    await box.mask(path)
    await box.mask(box.file(`text-${round}`), { kind: 'text', text: 'A=' })
    await box.mask(box.dir(`dir-${round}`))
    await box.call('listen', 9000 + round)
    expect(await box.call('connect', 1)).toEqual({ thrown: 'ECONNREFUSED' })
    await box.call('rejoin')
  }
  expect(readFileSync(sung, 'latin1')).toBe('')
  await box.inside(sung)
  expect(readFileSync(sung, 'latin1')).toBe('x')
  await box.end()
})

describe('what masks are made of lies where bwrap has made room for it, and nowhere else', () => {
  // Where temporary files are, there may be a tmpfs.
  const disk = mkdtempSync('/var/tmp/agentbox-hand-')
  afterAll(() => rmSync(disk, { recursive: true }))

  /** Another one than bwrap has made until here. */
  const anew = (...put: string[]): string[] => [
    ...['--tmpfs', '/run/agentbox', '--ro-bind', bench.helper, '/run/agentbox/init'],
    ...put,
  ]

  it.each<[string, () => string[]]>([
    ['a directory of the disk', () => ['--bind', disk, '/run/agentbox/masks']],
    ['a directory of the tmpfs above it', () => anew('--dir', '/run/agentbox/masks')],
    ['a link to a tmpfs', () => anew('--symlink', '/tmp', '/run/agentbox/masks')],
  ])('%s is none', async (_what, bwrapArgs) => {
    expect(statfsSync(disk).type).not.toBe(0x01021994)
    const { stdout, stderr } = await bench.run('root', ['echo', 'up'], { bwrapArgs: bwrapArgs() })
    expect(stdout).toBe('')
    expect(stderr).toContain("{ code: 'box-not-joined', reason: 'ENOTDIR' }")
  })
})

/** As `shell` it writes to the files whose names it is told; as anything else, to the one that betrays it. */
const CANARY = String.raw`
  #include <fcntl.h>
  #include <stdio.h>
  #include <string.h>
  #include <unistd.h>
  static void sing(const char *path) {
    int fd = open(path, O_WRONLY | O_APPEND);
    if (fd >= 0 && write(fd, "x", 1) == 1) close(fd);
  }
  int main(int argc, char **argv) {
    char line[8192];
    if (argc < 2 || strcmp(argv[1], "shell") != 0) { sing("SUNG"); return 0; }
    while (fgets(line, sizeof line, stdin) != NULL) {
      line[strcspn(line, "\n")] = 0;
      if (line[0] == '/') sing(line);
      if (write(1, "\1", 1) != 1) return 1;
    }
    return 0;
  }`

async function answers(stream: Duplex, number: number): Promise<Buffer[]> {
  let all = Buffer.alloc(0)
  while (all.length < 32 * number) {
    const chunk = stream.read() as Buffer | null
    if (chunk !== null) all = Buffer.concat([all, chunk])
    else await new Promise((resolve) => stream.once('readable', resolve))
  }
  return Array.from({ length: number }, (_, n) => all.subarray(32 * n, 32 * (n + 1)))
}

function endOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve([code, signal])))
}
