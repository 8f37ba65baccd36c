import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seccompProgram } from '../../../src/bwrap/seccomp/filter.ts'
import { numberOf, type Syscall, SYSCALLS } from '../../../src/bwrap/seccomp/syscalls.ts'

const ARCH = process.arch === 'x64' ? 'x86_64' : 'aarch64'
const SIGSYS = 31
const EPERM = 1
const RAN = 7
/** Errnos that no kernel gives for these calls: with them in the program it is the filter that answered. */
const LABEL = { 1: 133, 38: 132, 93: 131, 97: 130 } as const
const LABELS: readonly number[] = Object.values(LABEL)

const root = process.getuid!() === 0
// The kernel answers uid 0 differently in places, so root tests both.
const USERS = root ? ['root', 'uid 12345'] : ['this user']

let dir: string
let probe: string
let filter: string
let labelled: string
let thirtyTwoBit: string

beforeAll(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'agentbox-seccomp-'))
  fs.chmodSync(dir, 0o755)
  probe = path.join(dir, 'probe')
  execFileSync('gcc', ['-O1', '-pthread', '-o', probe, path.join(import.meta.dirname, 'probe.c')])
  filter = path.join(dir, 'filter.bpf')
  labelled = path.join(dir, 'labelled.bpf')
  thirtyTwoBit = path.join(dir, 'foreign')
  fs.writeFileSync(thirtyTwoBit, foreignProgram(), { mode: 0o755 })
  fs.writeFileSync(filter, seccompProgram(ARCH))
  fs.writeFileSync(labelled, relabelled(seccompProgram(ARCH)))
})
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }))

it.each(['run.cjs', 'cli.cjs'])('is in the built %s as the sources make it', (bundle) => {
  const built = fs.readFileSync(path.join(import.meta.dirname, '../../../dist', bundle), 'utf8')
  for (const arch of ['x86_64', 'aarch64'] as const)
    expect(built).toContain(`${arch}: "${seccompProgram(arch).toString('base64')}"`)
})

/** The same program with every errno exchanged for its label. */
function relabelled(program: Buffer): Buffer {
  const bytes = Buffer.from(program)
  for (let at = 0; at < bytes.length; at += 8) {
    const value = bytes.readUInt32LE(at + 4)
    if (bytes.readUInt16LE(at) !== 0x06 || value >>> 16 !== 0x0005) continue
    bytes.writeUInt32LE(0x00050000 | LABEL[(value & 0xffff) as keyof typeof LABEL], at + 4)
  }
  return bytes
}

/** A program of the other ABI, i386's or arm32's, that ends with status `RAN`. */
function foreignProgram(): Buffer {
  const [machine, code] =
    ARCH === 'x86_64'
      ? [3, 'b801000000bb07000000cd80'] // mov eax, 1; mov ebx, RAN; int 0x80
      : [40, '0700a0e30170a0e3000000ef'] // mov r0, RAN; mov r7, 1; svc 0
  const bytes = Buffer.alloc(84 + code.length / 2)
  bytes.write('7f454c46010101', 'hex')
  const half = (at: number, ...values: number[]): void =>
    values.forEach((value, index) => bytes.writeUInt16LE(value, at + index * 2))
  const word = (at: number, ...values: number[]): void =>
    values.forEach((value, index) => bytes.writeUInt32LE(value, at + index * 4))
  const place = 0x10000
  half(16, 2, machine) // ET_EXEC
  word(20, 1, place + 84, 52, 0, machine === 40 ? 0x05000000 : 0) // EF_ARM_EABI_VER5
  half(40, 52, 32, 1)
  word(52, 1, 0, place, place, bytes.length, bytes.length, 5, 0x1000) // PT_LOAD, readable and executable
  bytes.write(code, 84, 'hex')
  return bytes
}

interface Result {
  status: number | null
  stdout: string
  stderr: string
}

function inBox(user: string, program: string, argv: string[], cwd = dir): Result {
  const fd = fs.openSync(program, 'r')
  const box = [
    ...['--unshare-all', '--unshare-user', '--cap-drop', 'ALL', '--die-with-parent'],
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--bind', cwd, cwd, '--chdir', cwd],
    ...['--setenv', 'HOME', cwd, '--seccomp', '3', '--', ...argv],
  ]
  const as = user === 'uid 12345' ? ['--reuid', '12345', '--regid', '12345', '--clear-groups'] : []
  const command = as.length > 0 ? ['setpriv', ...as, 'bwrap', ...box] : ['bwrap', ...box]
  try {
    return spawnSync(command[0]!, command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe', fd],
      encoding: 'utf8',
      timeout: 50_000,
    })
  } finally {
    fs.closeSync(fd)
  }
}

function projectOf(user: string): string {
  const project = fs.mkdtempSync(path.join(dir, 'project-'))
  if (user === 'uid 12345') fs.chownSync(project, 12345, 12345)
  return project
}

const hex = (nr: number, args: readonly (number | bigint)[]): string =>
  [nr, ...args].map((value) => value.toString(16)).join(',')

const results = (text: string): number[] => text.trim().split('\n').map(Number)

/** Arguments under which a conditional rule refuses; calls without an entry are refused with any. */
const REFUSED: Partial<Record<Syscall, (number | bigint)[][]>> = {
  ioctl: [
    [0, 0x5412],
    [0, 0xffffffff00005412n],
    [0, 0x541c],
    [0, 0x100005423n],
  ],
  clone: [[0x10000011], [0xffffffff00020011n]],
  unshare: [[0x10000000], [0x80], [0x40000000]],
  personality: [[0x400000], [0x1_0000_0008n]],
  chmod: [
    [0, 0o4755],
    [0, 0xffff0000_00000400n],
  ],
  fchmod: [[0, 0o2755]],
  fchmodat: [[0, 0, 0o6755]],
  fchmodat2: [[0, 0, 0o4755, 0]],
  creat: [[0, 0o4755]],
  open: [[0, 0x41, 0o4755]],
  openat: [
    [0, 0, 0x41, 0o4755],
    [0, 0, 0x410001, 0o2755],
  ],
  mknod: [
    [0, 0o020666, 0],
    [0, 0o060666, 0],
    [0, 0o104755, 0],
    [0, 0xffff2000],
  ],
  mknodat: [
    [0, 0, 0o020666, 0],
    [0, 0, 0o014755, 0],
  ],
  fcntl: [
    [0, 1024, 1],
    [0, 0xffffffff00000410n, 1],
  ],
  prlimit64: [[1, 7, 0, 0]],
  sched_setaffinity: [[1, 0, 0]],
  sched_setscheduler: [[1, 0, 0]],
  sched_setparam: [[1, 0]],
  sched_setattr: [[1, 0, 0]],
  setpriority: [
    [0, 1, 19],
    [2, 0, 19],
  ],
  ioprio_set: [
    [1, 1, 0],
    [3, 0, 0],
  ],
  socket: [
    [17, 3, 0],
    [38, 5, 0],
    [40, 1, 0],
    [16, 3, 12],
    [2, 1, 132],
    [2, 6, 0],
    [0x100000028n, 1, 0],
  ],
  socketpair: [
    [2, 1, 0],
    [30, 1, 0],
  ],
}

const ALLOWED: [Syscall, (number | bigint)[]][] = [
  ['ioctl', [0, 0x5401]],
  ['personality', [0xffffffff]],
  ['unshare', [0x200]],
  ['fcntl', [0, 1]],
  ['prlimit64', [0, 7, 0, 0]],
  ['setpriority', [0, 0, 0]],
  ['socket', [1, 1, 0]],
  ['socket', [2, 0x80001, 6]],
  ['socket', [10, 2, 17]],
  ['socket', [16, 3, 0]],
  ['openat', [0, 0, 0, 0o7777]],
]

describe.each(USERS)('under the filter, as %s', (user) => {
  it('every call of the catalogue is answered by the filter and never reaches the kernel', () => {
    const asked = SYSCALLS.flatMap((call) => {
      const nr = numberOf(call, ARCH)
      return nr === undefined ? [] : (REFUSED[call] ?? [[0, 0, 0]]).map((args) => hex(nr, args))
    })
    const answers = results(inBox(user, labelled, [probe, ...asked]).stdout)
    expect(asked.filter((_, index) => !LABELS.includes(answers[index]!))).toEqual([])
    expect(answers.length).toBe(asked.length)
  })

  it('the harmless forms of those calls do reach it', () => {
    const asked = ALLOWED.map(([call, args]) => hex(numberOf(call, ARCH)!, args))
    const answers = results(inBox(user, labelled, [probe, ...asked]).stdout)
    expect(asked.filter((_, index) => LABELS.includes(answers[index]!))).toEqual([])
    expect(answers.length).toBe(asked.length)
  })

  it('calls that are newer than the table, and x32 ones, do not exist', () => {
    const asked = ['1d8', '257', '40000027', '40000202', 'ffffffff']
    expect(results(inBox(user, labelled, [probe, ...asked]).stdout)).toEqual(asked.map(() => LABEL[38]))
  })

  // A kernel or a processor may have no 32-bit ABI; then these end in the box as they do outside.
  it('a 64-bit program that calls as an i386 one is killed', () => {
    const [outside] = results(execFileSync(probe, ['int80'], { encoding: 'utf8' }))
    const calls = ARCH === 'x86_64' && outside === 0
    expect(results(inBox(user, filter, [probe, 'int80']).stdout)).toEqual([calls ? SIGSYS : outside])
  })

  it('a 32-bit program is killed', () => {
    const outside = spawnSync(thirtyTwoBit, { stdio: 'ignore' }).status
    expect(inBox(user, filter, [thirtyTwoBit]).status).toBe(outside === RAN ? 128 + SIGSYS : outside)
  })

  it('nothing can be typed into a terminal, and its size can be read', () => {
    expect(inBox(user, filter, [probe, 'terminal']).stdout).toBe(`${EPERM} ${EPERM} 0\n`)
  })

  it('threads start although clone3 does not exist', () => {
    expect(inBox(user, filter, [probe, 'threads']).stdout).toBe('28\n')
  })

  it('a setuid or setgid file cannot be made, and plain modes work', () => {
    const script = `
      const fs = require('node:fs'), out = []
      const code = (f) => { try { f(); return 0 } catch (error) { return error.code } }
      fs.writeFileSync('a', '')
      out.push(code(() => fs.chmodSync('a', 0o4755)), code(() => fs.chmodSync('a', 0o2755)))
      out.push(code(() => fs.openSync('b', 'w', 0o4755)), fs.existsSync('b'))
      out.push(code(() => fs.chmodSync('a', 0o755)), code(() => fs.mkdirSync('d', 0o1777)))
      console.log(JSON.stringify(out))`
    const { stdout, stderr } = inBox(user, filter, [process.execPath, '-e', script], projectOf(user))
    expect([stdout, stderr]).toEqual(['["EPERM","EPERM","EPERM",false,0,0]\n', ''])
  })

  it.each([
    ['sh', `mkfifo f && (echo in >f &) && read x <f && echo "$x" | tr a-z A-Z`, 'IN\n'],
    [
      'git',
      `git init -q && git config user.email a@b && git config user.name a && echo 1 >f && git add f &&
       git commit -qm one && git stash list && git log --format=%s && git status --short`,
      'one\n',
    ],
    [
      'a compiler',
      `printf '#include <stdio.h>\nint main(void){puts("compiled");}' >a.c && TMPDIR=. gcc a.c -o a && ./a`,
      'compiled\n',
    ],
    [
      'tar',
      `mkdir s && echo 1 >s/f && chmod 640 s/f && tar -cf t s && tar -xpf t && stat -c %a s/f`,
      '640\n',
    ],
  ])('ordinary work: %s', (_, script, expected) => {
    const { stdout, stderr } = inBox(user, filter, ['sh', '-c', script], projectOf(user))
    expect([stdout, stderr]).toEqual([expected, ''])
  })

  it('ordinary work: node with workers, children, sockets and interfaces', () => {
    const script = `
      const { Worker } = require('node:worker_threads'), net = require('node:net')
      const { execFileSync } = require('node:child_process'), { once } = require('node:events')
      const main = async () => {
        const [message] = await once(new Worker('require("worker_threads").parentPort.postMessage(7)', { eval: true }), 'message')
        const server = net.createServer((socket) => socket.end('tcp')).listen(0, '127.0.0.1')
        await once(server, 'listening')
        const [data] = await once(net.connect(server.address().port, '127.0.0.1'), 'data')
        server.close()
        const interfaces = Object.keys(require('node:os').networkInterfaces())
        console.log(message, String(data), execFileSync('echo', ['child']).toString().trim(), interfaces.join())
      }
      main()`
    const { stdout, stderr } = inBox(user, filter, [process.execPath, '-e', script], projectOf(user))
    expect([stdout, stderr]).toEqual(['7 tcp child lo\n', ''])
  })
})
