import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemble, branch, type Code, load, oneOf, ret } from '../../../src/bwrap/seccomp/bpf.ts'
import { CATALOGUE } from '../../../src/bwrap/seccomp/catalogue.ts'
import { describeFilter, seccompProgram } from '../../../src/bwrap/seccomp/filter.ts'
import {
  type Arch,
  NEWEST_KNOWN,
  numberOf,
  type Syscall,
  SYSCALLS,
} from '../../../src/bwrap/seccomp/syscalls.ts'
import { reachable, runFilter } from './bpf-machine.ts'

const ARCHES = ['x86_64', 'aarch64'] as const
const AUDIT = { x86_64: 0xc000003e, aarch64: 0xc00000b7, i386: 0x40000003, arm: 0x40000028 }
const PROGRAM = { x86_64: seccompProgram('x86_64'), aarch64: seccompProgram('aarch64') }
const ALLOW = 0x7fff0000
const KILL = 0x80000000
const EPERM = 0x00050001
const ENOSYS = 0x00050026
const EPROTONOSUPPORT = 0x0005005d
const EAFNOSUPPORT = 0x00050061

const act = (arch: Arch, nr: number, args: readonly bigint[] = []): number =>
  runFilter(PROGRAM[arch], { arch: AUDIT[arch], nr, args }).action

type Case = [call: Syscall, args: (number | bigint)[], action: number]

const CASES: Case[] = [
  ['ioctl', [0, 0x5412], EPERM],
  ['ioctl', [0, 0xffffffff00005412n], EPERM],
  ['ioctl', [0, (0x15412n << 32n) | 0x541cn], EPERM],
  ['ioctl', [0, 0x541d], EPERM],
  ['ioctl', [0, 0x5423], EPERM],
  ['ioctl', [0x5412, 0x5401], ALLOW],
  ['ioctl', [0, 0x5410], ALLOW], // TIOCSPGRP: job control
  ['ioctl', [0, 0x5413], ALLOW], // TIOCGWINSZ
  ['ioctl', [0, 0x541200000000n], ALLOW], // request 0
  ['clone', [17], ALLOW], // SIGCHLD: fork
  ['clone', [0x3d0f00], ALLOW], // a thread
  ['clone', [0x4111], ALLOW], // vfork
  ['clone', [17 | 0x10000000], EPERM],
  ['clone', [0xffffffff10000000n], EPERM],
  ['clone', [17 | 0x20000], EPERM],
  ['clone', [17 | 0x40000000], EPERM],
  ['clone', [0x91], ALLOW], // an odd exit signal, no namespace
  ['clone3', [0, 0], ENOSYS],
  ['unshare', [0x200], ALLOW], // CLONE_FS
  ['unshare', [0x10000000], EPERM],
  ['unshare', [0x80], EPERM],
  ['unshare', [0x02000000], EPERM],
  ['setns', [3, 0], EPERM],
  ['personality', [0], ALLOW],
  ['personality', [0x40000], ALLOW],
  ['personality', [0xffffffff], ALLOW],
  ['personality', [0xffffffffffffffffn], ALLOW],
  ['personality', [0x400000], EPERM],
  ['personality', [0x40001], EPERM],
  ['chmod', [0, 0o755], ALLOW],
  ['chmod', [0, 0o1777], ALLOW],
  ['chmod', [0, 0o4755], EPERM],
  ['chmod', [0, 0xabcdef0000000000n | 0o2755n], EPERM],
  ['fchmod', [3, 0o6777], EPERM],
  ['fchmodat', [3, 0, 0o4000], EPERM],
  ['fchmodat', [3, 0o4000, 0o644], ALLOW],
  ['fchmodat2', [3, 0, 0o2000, 0], EPERM],
  ['fchmodat2', [3, 0, 0o600, 0], ALLOW],
  ['creat', [0, 0o4755], EPERM],
  ['creat', [0, 0o644], ALLOW],
  ['open', [0, 0x41, 0o4755], EPERM],
  ['open', [0, 0x410002, 0o2755], EPERM], // O_TMPFILE
  ['open', [0, 0x41, 0o666], ALLOW],
  ['open', [0, 0, 0o4755], ALLOW], // garbage in the unused mode
  ['openat', [3, 0, 0xdead00000041n, 0xffff000000000800n], EPERM],
  ['openat', [3, 0, 0x41, 0o644], ALLOW],
  ['openat', [3, 0, 0x410002, 0o4600], EPERM],
  ['openat', [3, 0, 0x80000, 0o7777], ALLOW],
  ['openat2', [3, 0, 0, 24], ENOSYS],
  ['mknod', [0, 0o010644, 0], ALLOW], // FIFO
  ['mknod', [0, 0o644, 0], ALLOW],
  ['mknod', [0, 0o140644, 0], ALLOW], // socket
  ['mknod', [0, 0o100644, 0], ALLOW],
  ['mknod', [0, 0o020644, 0], EPERM], // character device, whiteout
  ['mknod', [0, 0o060644, 0], EPERM], // block device
  ['mknod', [0, 0xffff0000n | 0o020644n, 0], EPERM], // above the 16 bits of umode_t
  ['mknod', [0, 0o104755, 0], EPERM],
  ['mknodat', [3, 0, 0o020644, 0], EPERM],
  ['mknodat', [3, 0, 0o014755, 0], EPERM],
  ['mknodat', [3, 0, 0o010600, 0], ALLOW],
  ['fcntl', [3, 1024, 1], EPERM], // F_SETLEASE
  ['fcntl', [3, 1040, 0], EPERM], // F_SETDELEG
  ['fcntl', [3, 0xffffffff00000400n, 1], EPERM],
  ['fcntl', [1024, 1025, 1024], ALLOW], // F_GETLEASE
  ['fcntl', [3, 1030, 0], ALLOW], // F_DUPFD_CLOEXEC
  ['prlimit64', [1, 7, 0, 0], EPERM],
  ['prlimit64', [0x100000001n, 7, 0, 0], EPERM],
  ['prlimit64', [0, 7, 0, 0], ALLOW],
  ['prlimit64', [2, 1, 1, 1], ALLOW],
  ['sched_setaffinity', [1, 8, 0], EPERM],
  ['sched_setaffinity', [0, 8, 0], ALLOW],
  ['sched_setscheduler', [1, 5, 0], EPERM],
  ['sched_setparam', [1, 0], EPERM],
  ['sched_setattr', [1, 0, 0], EPERM],
  ['setpriority', [0, 1, 19], EPERM],
  ['setpriority', [1, 1, 19], EPERM],
  ['setpriority', [2, 0, 19], EPERM],
  ['setpriority', [0, 0, 19], ALLOW],
  ['setpriority', [1, 0, 19], ALLOW],
  ['ioprio_set', [1, 1, 0], EPERM],
  ['ioprio_set', [3, 1000, 0], EPERM],
  ['ioprio_set', [1, 0, 0], ALLOW],
  ['socket', [1, 1, 0], ALLOW],
  ['socket', [1, 5, 0], ALLOW], // AF_UNIX SOCK_SEQPACKET
  ['socket', [2, 1, 0], ALLOW],
  ['socket', [2, 0x80801, 6], ALLOW], // SOCK_CLOEXEC | SOCK_NONBLOCK
  ['socket', [10, 2, 17], ALLOW],
  ['socket', [2, 2, 1], ALLOW], // ping
  ['socket', [2, 1, 262], ALLOW],
  ['socket', [2, 1, 132], EPROTONOSUPPORT], // SCTP
  ['socket', [2, 5, 0], EPROTONOSUPPORT], // SEQPACKET: SCTP by type
  ['socket', [10, 0x80006, 0], EPROTONOSUPPORT], // DCCP
  ['socket', [0xffffffff00000002n, 1, 0x100000084n], EPROTONOSUPPORT],
  ['socket', [16, 3, 0], ALLOW], // NETLINK_ROUTE
  ['socket', [16, 3, 12], EPROTONOSUPPORT], // NETLINK_NETFILTER
  ['socket', [17, 3, 0], EAFNOSUPPORT], // AF_PACKET
  ['socket', [38, 5, 0], EAFNOSUPPORT], // AF_ALG
  ['socket', [40, 1, 0], EAFNOSUPPORT], // AF_VSOCK
  ['socket', [0x100000028n, 1, 0], EAFNOSUPPORT],
  ['socketpair', [1, 1, 0], ALLOW],
  ['socketpair', [2, 1, 0], EAFNOSUPPORT],
  ['socketpair', [30, 1, 0], EAFNOSUPPORT], // AF_TIPC
]

/** Refused whatever the arguments. */
const ALWAYS: Syscall[] = [
  ...(['vhangup', 'setns', 'mount', 'umount2', 'pivot_root', 'chroot', 'open_tree'] as const),
  ...(['open_tree_attr', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick'] as const),
  ...(['mount_setattr', 'open_by_handle_at', 'ptrace', 'process_vm_readv'] as const),
  ...(['process_vm_writev', 'kcmp', 'pidfd_getfd', 'io_uring_setup', 'io_uring_enter'] as const),
  ...(['io_uring_register', 'bpf', 'perf_event_open', 'userfaultfd', 'fanotify_init', 'iopl'] as const),
  ...(['ioperm', 'modify_ldt', 'uselib', '_sysctl', 'lookup_dcookie', 'nfsservctl'] as const),
  ...(['add_key', 'request_key', 'keyctl', 'create_module', 'init_module', 'finit_module'] as const),
  ...(['delete_module', 'get_kernel_syms', 'query_module', 'kexec_load', 'kexec_file_load'] as const),
  ...(['reboot', 'swapon', 'swapoff', 'acct', 'quotactl', 'quotactl_fd', 'syslog'] as const),
  ...(['settimeofday', 'clock_settime', 'adjtimex', 'clock_adjtime'] as const),
]

const word = fc.bigInt({ min: 0n, max: 0xffffffffn })
const words = fc.array(word, { minLength: 6, maxLength: 6 })

describe.each(ARCHES)('the filter on %s', (arch) => {
  const known = (call: Syscall): boolean => numberOf(call, arch) !== undefined

  const shown = CASES.filter(([call]) => known(call)).map(
    ([call, args, action]) =>
      [call, args.map((value) => value.toString(16)).join(' '), args, action] as const,
  )
  it.each(shown)('%s %s', (call, _, args, action) => {
    expect(act(arch, numberOf(call, arch)!, args.map(BigInt))).toBe(action)
  })

  it.each(ALWAYS.filter(known))('%s is EPERM with any arguments', (call) => {
    fc.assert(
      fc.property(words, (args) => act(arch, numberOf(call, arch)!, args) === EPERM),
      { numRuns: 20 },
    )
  })

  it('answers alike whatever the high half of each argument', () => {
    const numbers = SYSCALLS.filter(known).map((call) => numberOf(call, arch)!)
    const shaped = fc.oneof(word, fc.constantFrom(...CASES.flatMap(([, args]) => args.map(BigInt))))
    const low = fc.array(
      shaped.map((value) => value & 0xffffffffn),
      { minLength: 6, maxLength: 6 },
    )
    fc.assert(
      fc.property(fc.constantFrom(...numbers), low, words, (nr, args, high) => {
        const hostile = args.map((value, index) => (high[index]! << 32n) | value)
        return act(arch, nr, args) === act(arch, nr, hostile)
      }),
      { numRuns: 2000 },
    )
  })

  it('allows each number that no rule names, without a look at the arguments', () => {
    const named = new Set(SYSCALLS.map((call) => numberOf(call, arch)))
    for (let nr = 0; nr <= NEWEST_KNOWN; nr += 1) {
      if (named.has(nr)) continue
      const { action, loads } = runFilter(PROGRAM[arch], { arch: AUDIT[arch], nr, args: [] })
      expect([nr, action, loads]).toEqual([nr, ALLOW, [4, 0]])
    }
  })

  it('refuses every number above the newest known one', () => {
    const above = fc.oneof(fc.integer({ min: NEWEST_KNOWN + 1, max: 600 }), fc.integer({ max: -1 }))
    fc.assert(fc.property(above, (nr) => act(arch, nr) === ENOSYS))
    expect([NEWEST_KNOWN + 1, 0x40000000, 0x40000010, 0x7fffffff, -1].map((nr) => act(arch, nr))).toEqual(
      Array(5).fill(ENOSYS),
    )
  })

  it('kills every other architecture', () => {
    const foreign = fc.oneof(
      fc.integer().map((value) => value >>> 0),
      fc.constantFrom(...Object.values(AUDIT)),
    )
    fc.assert(
      fc.property(foreign, fc.integer(), words, (audit, nr, args) => {
        fc.pre(audit !== AUDIT[arch])
        return runFilter(PROGRAM[arch], { arch: audit, nr, args }).action === KILL
      }),
    )
  })

  it('has no jump out of the program, no path without an end and nothing unreachable', () => {
    expect(reachable(PROGRAM[arch]).size).toBe(PROGRAM[arch].length / 8)
    expect(PROGRAM[arch].length / 8).toBeLessThanOrEqual(4096)
  })
})

describe('the assembler', () => {
  const long = (length: number, action: number): Code =>
    Array.from({ length: length - 1 }).reduce<Code>((code) => load(0, code), ret(action))

  it.each([1, 255, 256, 600])('jumps right over branches of %i instructions', (length) => {
    for (const [then, otherwise] of [
      [long(length, 1), ret(2)],
      [ret(1), long(length, 2)],
      [long(length, 1), long(length, 2)],
    ] as const) {
      const program = assemble(load(0, branch('eq', 7, then, otherwise)))
      const run = (nr: number): number => runFilter(program, { arch: 0, nr, args: [] }).action
      expect([run(7), run(8)]).toEqual([1, 2])
    }
  })

  it('refuses an offset that does not fit rather than cutting it off', () => {
    expect(() => assemble(oneOf([1, 2], ret(1), long(255, 0)))).toThrow(RangeError)
    expect(() => assemble(long(4097, 0))).toThrow(RangeError)
  })
})

describe('describeFilter', () => {
  it('names each call of the tables once a rule, and the tables hold no other', () => {
    const described = new Set(describeFilter().flatMap((line) => line.calls))
    expect(SYSCALLS.filter((call) => !described.has(call))).toEqual([])
  })

  it('gives every line a group, a reason and an action that reads as one', () => {
    for (const { group, calls, reason, action } of describeFilter()) {
      expect([group, ...calls, reason].every((text) => text.length > 0)).toBe(true)
      expect(action).toMatch(/^(killed|E[A-Z]+|E[A-Z]+ when [a-zA-Z].+)$/)
    }
    expect(
      CATALOGUE.flatMap((g) => g.rules).every((r) => (r.when === undefined) === (r.says === undefined)),
    ).toBe(true)
  })
})
