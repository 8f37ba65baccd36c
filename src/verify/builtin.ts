import { holdsIf, invisible, refusedCall, seen, verdict } from './judge.ts'
import type { BoxCheck, CheckInput, Topic } from './types.ts'

/** What holds for every box, whatever the policy. Pure. */
export function builtInChecks(input: CheckInput): BoxCheck[] {
  return [
    ...namespaces(input),
    ...privileges(),
    ...kernelCalls(),
    ...devices(),
    ...environment(input),
    ...network(input),
    ...home(input),
  ]
}

const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts']

function namespaces({ plan, host }: CheckInput): BoxCheck[] {
  const own = NAMESPACES.filter((name) => name !== 'net' || plan.network !== 'host')
  const differs = own.map((name): BoxCheck => ({
    id: `namespaces:${name}`,
    topic: 'namespaces',
    claim: `the ${name} namespace is the box's own`,
    question: { kind: 'link', argument: `/proc/self/ns/${name}` },
    judge: (answer) => {
      const outside = host.namespaces[name]
      if (outside === undefined) return verdict('unchecked', 'this kernel does not have it')
      return holdsIf(({ word, values }) => word === 'link' && values[0] !== outside, 'one of its own')(answer)
    },
    byHand: `readlink /proc/self/ns/${name}   # inside and outside: different`,
  }))
  const init: BoxCheck = {
    id: 'namespaces:init',
    topic: 'namespaces',
    claim: "pid 1 of the box is agentbox's, so that nothing outlives it",
    question: { kind: 'word', argument: '/proc/1/cmdline' },
    judge: holdsIf(({ values }) => values[0]?.startsWith('/run/agentbox/init') === true, 'agentbox'),
    byHand: "tr '\\0' ' ' </proc/1/cmdline   # bash's script: bwrap; agentbox: /run/agentbox/init",
  }
  return [...differs, init]
}

function privileges(): BoxCheck[] {
  const status = (name: string, expected: RegExp, claim: string): BoxCheck => ({
    id: `privileges:${name}`,
    topic: 'privileges',
    claim,
    question: { kind: 'status', argument: name },
    judge: holdsIf(({ values }) => expected.test(values[0] ?? ''), String(expected)),
    byHand: `grep ${name} /proc/self/status`,
  })
  return [
    ...['CapEff', 'CapPrm', 'CapInh', 'CapBnd', 'CapAmb'].map((name) =>
      status(name, /^0+$/, `no capability in ${name}`),
    ),
    status('NoNewPrivs', /^1$/, 'setuid programs give no rights'),
    status('Seccomp', /^2$/, 'a system-call filter is on'),
    {
      id: 'privileges:nested',
      topic: 'privileges',
      claim: 'the mounts belong to a user namespace that the box cannot name (--disable-userns)',
      question: { kind: 'owner', argument: '' },
      judge: holdsIf(({ word }) => word === 'refused', 'out of sight'),
      byHand: 'unshare -Ur true   # refused',
    },
  ]
}

const CALLS = [
  ...'unshare io_uring_setup keyctl add_key bpf ptrace mount umount2 open_tree move_mount pivot_root setns'.split(
    ' ',
  ),
  ...'open_by_handle_at userfaultfd perf_event_open process_vm_readv init_module'.split(' '),
]

function kernelCalls(): BoxCheck[] {
  const calls = CALLS.map((name): BoxCheck => ({
    id: `kernel:${name}`,
    topic: 'kernel',
    claim: `${name} is refused`,
    question: { kind: 'call', argument: name },
    judge: refusedCall,
    byHand: `strace -e ${name} …   # EPERM or ENOSYS`,
  }))
  const typing: BoxCheck = {
    id: 'kernel:TIOCSTI',
    topic: 'kernel',
    claim: 'nothing can type into a terminal',
    question: { kind: 'typing', argument: '' },
    judge: (answer) =>
      answer.word === 'absent'
        ? verdict('unchecked', 'no pseudo-terminal could be opened')
        : refusedCall(answer),
    byHand: `perl -e 'ioctl(STDIN, 0x5412, "x") or die $!'   # Operation not permitted`,
  }
  return [...calls, typing]
}

function devices(): BoxCheck[] {
  return [
    '/dev/mem',
    '/dev/kmsg',
    '/dev/sda',
    '/dev/vda',
    '/dev/nvme0n1',
    '/dev/fuse',
    '/dev/kvm',
    '/sys/kernel',
  ].map((path) => unseen('mounts', path, `${path} is not there`))
}

function environment({ plan, host }: CheckInput): BoxCheck[] {
  const descriptors: BoxCheck = {
    id: 'environment:descriptors',
    topic: 'environment',
    claim: 'no descriptor but the standard three came in',
    question: { kind: 'descriptors', argument: '' },
    judge: holdsIf(({ values }) => values[0] === '0', '0'),
    byHand: 'ls -l /proc/self/fd',
  }
  const held = host.variables.filter((name) => !(name in plan.env))
  return [
    descriptors,
    ...held.map((name): BoxCheck => ({
      id: `environment:${name}`,
      topic: 'environment',
      claim: `your variable ${name} did not come in`,
      question: { kind: 'variable', argument: name },
      judge: holdsIf(({ word }) => word === 'unset', 'unset'),
      byHand: `printenv ${name}   # prints nothing`,
    })),
  ]
}

function network({ plan }: CheckInput): BoxCheck[] {
  const { network: mode } = plan
  if (mode === 'host') {
    return [
      {
        id: 'network:host',
        topic: 'network',
        claim: 'the network of this machine is shared, as the policy says',
        question: { kind: 'interfaces', argument: '' },
        judge: (answer) =>
          verdict('unchecked', `network.mode is host: nothing is contained (${seen(answer)})`),
        byHand: 'ip address',
      },
    ]
  }
  return [
    {
      id: 'network:interfaces',
      topic: 'network',
      claim: 'there is no way out but loopback',
      question: { kind: 'interfaces', argument: '' },
      judge: holdsIf(({ values }) => values[0] === '0', '0'),
      byHand: 'cat /proc/net/dev   # lo only',
    },
  ]
}

function home({ host }: CheckInput): BoxCheck[] {
  return host.privatePaths.map((path) => unseen('home', path, `${path} is not there`))
}

function unseen(topic: Topic, path: string, claim: string): BoxCheck {
  return {
    id: `${topic}:${path}`,
    topic,
    claim,
    question: { kind: 'read', argument: path },
    judge: invisible,
    byHand: `ls -la ${path}`,
  }
}
