import { anyBit, both, type Condition, type Group, isNoneOf, isOneOf, refuse, refuseIf } from './rules.ts'

/**
 * What the filter refuses, as data. Everything that is not listed here is allowed, for a coding agent
 * runs every kind of program. Most of these calls the kernel would refuse as well, since nothing in the
 * box has a capability; then the filter keeps their code, where the bugs are, out of reach.
 *
 * Considered and left alone: pidfd_open, pidfd_send_signal, seccomp, landlock_*, memfd_secret, splice and
 * the memory policy calls are harmless; statmount and listmount tell what /proc/self/mountinfo tells;
 * name_to_handle_at is of no use without open_by_handle_at; SIGIO (F_SETOWN, FIOSETOWN) reaches only
 * processes of the box; mkdir drops the setuid and setgid bits by itself.
 */

// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
const NEW_NAMESPACES = 0x7e020000
const CLONE_NEWTIME = 0x80 // to `clone` this bit is part of the exit signal

const TIOCSTI = 0x5412
const TIOCLINUX = 0x541c
const TIOCCONS = 0x541d
const TIOCSETD = 0x5423

const ADDR_NO_RANDOMIZE = 0x40000 // debuggers and some test suites
const QUERY_PERSONALITY = 0xffffffff

const S_IFMT = 0xf000
const NO_DEVICES = [0, 0x1000, 0x8000, 0xc000] // the default (regular), FIFO, regular, socket
const SETUID_SETGID = 0o6000
const O_CREAT_OR_TMPFILE = 0x40 | 0x400000 // without them the kernel ignores the mode, which may be garbage

const AF_UNIX = 1
const INET = [2, 10]
const AF_NETLINK = 16
const NETLINK_ROUTE = 0 // getifaddrs needs it
const SOCK_TYPE_MASK = 0xf
const STREAM_DGRAM_RAW = [1, 2, 3]
const IP_PROTOCOLS = [0, 1, 6, 17, 58, 262] // any, ICMP, TCP, UDP, ICMPv6, MPTCP (Go's default listener)

const PID_1 = 1
const PRIO_USER = 2
const IOPRIO_WHO_USER = 3

const F_SETLEASE = 1024
const F_SETDELEG = 1040

const deviceMode = (mode: number): Condition => isNoneOf(mode, NO_DEVICES, S_IFMT)
const setuidMode = (mode: number): Condition => anyBit(mode, SETUID_SETGID)
const setuidCreated = (flags: number, mode: number): Condition =>
  both(anyBit(flags, O_CREAT_OR_TMPFILE), setuidMode(mode))

const NAMESPACE = 'a new namespace is asked for'
const STEERED = 'process 1 is meant'
const DEVICE = 'it is no FIFO, socket or regular file'
const SETUID = 'the mode has the setuid or setgid bit'

const TERMINAL: Group = {
  group: 'terminal',
  reason: 'TIOCSTI and TIOCLINUX type into the terminal that the box shares with your shell',
  rules: [
    refuseIf(
      'EPERM',
      ['ioctl'],
      isOneOf(1, [TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD]),
      'the request is TIOCSTI, TIOCLINUX, TIOCCONS or TIOCSETD',
    ),
    refuse('EPERM', 'vhangup'),
  ],
}

const NAMESPACES: Group = {
  group: 'namespaces',
  reason: 'in a user namespace of its own a process has every capability, and later masks do not reach it',
  rules: [
    refuseIf('EPERM', ['clone'], anyBit(0, NEW_NAMESPACES), NAMESPACE),
    refuseIf('EPERM', ['unshare'], anyBit(0, NEW_NAMESPACES | CLONE_NEWTIME), NAMESPACE),
    refuse('EPERM', 'setns'),
    // Its flags are behind a pointer. C libraries, Go and Rust take ENOSYS as "use clone".
    refuse('ENOSYS', 'clone3'),
  ],
}

const MOUNTS: Group = {
  group: 'mounts',
  reason: 'what is masked, hidden or read-only stays so',
  rules: [
    refuse('EPERM', 'mount', 'umount2', 'pivot_root', 'chroot', 'open_tree', 'open_tree_attr'),
    refuse('EPERM', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr'),
    // Opening by inode would pass by every mount, masks included.
    refuse('EPERM', 'open_by_handle_at'),
  ],
}

const PROCESSES: Group = {
  group: 'other processes',
  reason: 'no reading or steering of another process’s memory, registers and descriptors',
  rules: [refuse('EPERM', 'ptrace', 'process_vm_readv', 'process_vm_writev', 'kcmp', 'pidfd_getfd')],
}

const WARDEN: Group = {
  group: 'process 1',
  reason: 'agentbox’s process 1 stops the box in an emergency: its limits and its share of time are its own',
  rules: [
    refuseIf(
      'EPERM',
      ['prlimit64', 'sched_setaffinity', 'sched_setscheduler', 'sched_setparam', 'sched_setattr'],
      isOneOf(0, [PID_1]),
      STEERED,
    ),
    refuseIf('EPERM', ['setpriority', 'ioprio_set'], isOneOf(1, [PID_1]), STEERED),
    refuseIf('EPERM', ['setpriority'], isOneOf(0, [PRIO_USER]), 'every process of a user is meant'),
    refuseIf('EPERM', ['ioprio_set'], isOneOf(0, [IOPRIO_WHO_USER]), 'every process of a user is meant'),
  ],
}

const SURFACE: Group = {
  group: 'kernel surface',
  reason: 'interfaces that are large and often exploited, or obsolete; io_uring also passes by any filter',
  rules: [
    refuse('EPERM', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'),
    refuse('EPERM', 'bpf', 'perf_event_open', 'userfaultfd', 'fanotify_init'),
    refuse('EPERM', 'iopl', 'ioperm', 'modify_ldt', 'uselib', '_sysctl', 'lookup_dcookie', 'nfsservctl'),
    refuseIf(
      'EPERM',
      ['personality'],
      isNoneOf(0, [0, ADDR_NO_RANDOMIZE, QUERY_PERSONALITY]),
      'the value is none of 0, ADDR_NO_RANDOMIZE and the query',
    ),
  ],
}

const KEYRINGS: Group = {
  group: 'keyrings',
  reason: 'kernel keyrings may hold tickets and keys of the host’s session',
  rules: [refuse('EPERM', 'add_key', 'request_key', 'keyctl')],
}

const MACHINE: Group = {
  group: 'machine',
  reason: 'the host’s kernel image, power, swap, quotas, accounting, clock and kernel log',
  rules: [
    refuse('EPERM', 'create_module', 'init_module', 'finit_module', 'delete_module'),
    refuse('EPERM', 'get_kernel_syms', 'query_module', 'kexec_load', 'kexec_file_load', 'reboot'),
    refuse('EPERM', 'swapon', 'swapoff', 'acct', 'quotactl', 'quotactl_fd', 'syslog'),
    // Whether adjtimex and clock_adjtime read or set is behind a pointer.
    refuse('EPERM', 'settimeofday', 'clock_settime', 'adjtimex', 'clock_adjtime'),
  ],
}

const FILES: Group = {
  group: 'setuid files and devices',
  reason: 'a setuid file made in the project would run with its owner’s rights outside the box',
  rules: [
    refuseIf('EPERM', ['chmod', 'fchmod', 'creat', 'mknod'], setuidMode(1), SETUID),
    refuseIf('EPERM', ['fchmodat', 'fchmodat2', 'mknodat'], setuidMode(2), SETUID),
    refuseIf('EPERM', ['open'], setuidCreated(1, 2), SETUID),
    refuseIf('EPERM', ['openat'], setuidCreated(2, 3), SETUID),
    // Its mode is behind a pointer; callers fall back to openat, as on kernels before 5.6.
    refuse('ENOSYS', 'openat2'),
    refuseIf('EPERM', ['mknod'], deviceMode(1), DEVICE),
    refuseIf('EPERM', ['mknodat'], deviceMode(2), DEVICE),
  ],
}

const LEASES: Group = {
  group: 'leases',
  reason: 'who opens a file with a lease on it waits up to 45 seconds: your git, your editor',
  rules: [
    refuseIf(
      'EPERM',
      ['fcntl'],
      isOneOf(1, [F_SETLEASE, F_SETDELEG]),
      'the command is F_SETLEASE or F_SETDELEG',
    ),
  ],
}

const SOCKETS: Group = {
  group: 'sockets',
  reason: 'rare families and protocols load kernel modules on demand and reach past the box (AF_VSOCK)',
  rules: [
    refuseIf(
      'EPROTONOSUPPORT',
      ['socket'],
      both(isOneOf(0, [AF_NETLINK]), isNoneOf(2, [NETLINK_ROUTE])),
      'a netlink protocol other than NETLINK_ROUTE is asked for',
    ),
    refuseIf(
      'EPROTONOSUPPORT',
      ['socket'],
      both(isOneOf(0, INET), isNoneOf(1, STREAM_DGRAM_RAW, SOCK_TYPE_MASK)),
      'an IP socket is neither stream, datagram nor raw',
    ),
    refuseIf(
      'EPROTONOSUPPORT',
      ['socket'],
      both(isOneOf(0, INET), isNoneOf(2, IP_PROTOCOLS)),
      'an IP protocol other than ICMP, TCP, UDP and MPTCP is asked for',
    ),
    refuseIf(
      'EAFNOSUPPORT',
      ['socket'],
      isNoneOf(0, [AF_UNIX, ...INET, AF_NETLINK]),
      'the family is none of AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK',
    ),
    // Any family's socket is created first, and its module loaded, before the kernel finds that it has no pairs.
    refuseIf('EAFNOSUPPORT', ['socketpair'], isNoneOf(0, [AF_UNIX]), 'the family is not AF_UNIX'),
  ],
}

export const CATALOGUE: readonly Group[] = [
  TERMINAL,
  NAMESPACES,
  MOUNTS,
  PROCESSES,
  WARDEN,
  SURFACE,
  KEYRINGS,
  MACHINE,
  FILES,
  LEASES,
  SOCKETS,
]
