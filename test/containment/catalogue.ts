/**
 * The threats, and what tries each: names of probes (a pattern for all of their kind), or the tests where a
 * probe inside a box cannot show it. `test/containment/catalogue.test.ts` holds that every probe belongs to a threat
 * and that nothing named here is missing.
 */
export interface Threat {
  id: string
  what: string
  probes?: RegExp
  /** Files below test/, for what happens before, after or beside a box. */
  tests?: readonly string[]
  /** In the table that compares sandboxes. */
  compared: boolean
}

export const catalogue: readonly Threat[] = [
  {
    id: 'home',
    what: 'the home, other projects, shared directories, other users',
    probes: /^(home:|host:|home-ancestors$|root-listing$|dot-dot$|sweep$)/,
    compared: true,
  },
  { id: 'masked', what: 'secrets in the project by name', probes: /^(project|directory):/, compared: true },
  {
    id: 'other-ways',
    what: 'the same by other ways: links, /proc, descriptors, copies, git',
    probes: /^(env-by-|env-directory-write$|open-by-handle$|open-tree|overlay-mount$)/,
    compared: true,
  },
  {
    id: 'unmask',
    what: 'taking a mask away: unmount, rename, exchange, remove',
    probes: /^(env-(rename|unlink|replace|write|truncate|chmod|parent|exchange)|umount|hidden-write$)/,
    compared: true,
  },
  { id: 'live', what: 'secrets that appear or are replaced meanwhile', probes: /^live/, compared: true },
  {
    id: 'environment',
    what: 'variables, inherited descriptors',
    probes: /^(variables|own-environ|init-environ|init-memory|descriptors|init-descriptors)$/,
    compared: true,
  },
  {
    id: 'processes',
    what: "the host's processes: list, signal, trace",
    probes: /^(all-processes|host-process|ptrace|process-vm|kcmp|pidfd-getfd)/,
    tests: ['containment/ends.test.ts'],
    compared: true,
  },
  {
    id: 'sockets',
    what: 'sockets, abstract sockets, System V and POSIX IPC, keyrings',
    probes: /^(ipc$|socket:(?!loopback)|shared-memory|semaphores|messages|posix-queue|keyring-)/,
    compared: true,
  },
  {
    id: 'network',
    what: 'loopback services, metadata, LAN, names, with the network closed',
    probes: /^(network-|socket:loopback$)/,
    compared: true,
  },
  { id: 'terminal', what: 'typing into the terminal', probes: /^tioc/, compared: true },
  {
    id: 'kernel',
    what: 'kernel surface: namespaces, mounts, bpf, io_uring, keys, modules',
    probes:
      /^(calls$|unshare|clone|setns|chroot|pivot|bind-mount|remount|move-mount|fs(open|pick|config|mount)|mount-setattr|bpf|io-uring|perf|userfaultfd|fanotify|keyctl|add-key|request-key|init-module|finit|delete-module|kernel-log|personality|adjtimex|iopl|modify-ldt|x32|int-0x80|socket-|reboot|swapon|acct|set(host|domain)name|clock-settime|vhangup|kexec)/,
    tests: ['integration/seccomp/filter.test.ts', 'unit/seccomp/numbers.test.ts'],
    compared: true,
  },
  {
    id: 'root',
    what: 'what uid 0 may without a capability; setuid files, devices',
    probes:
      /^(kernel-(switches|secrets)$|sys-absent$|devices$|privileges$|root-writable$|system-writable$|set[ug]id|mknod|file-capability)/,
    compared: true,
  },
  { id: 'limits', what: 'processes, memory file systems, core files', probes: /^limit-/, compared: true },
  {
    id: 'held-up',
    what: "making the host's programs wait or fail, and process 1 of the box too late: leases, queues, its limits",
    probes: /^(lease$|queued-|process-1-)/,
    tests: ['integration/hand/watchdog.test.ts'],
    compared: false,
  },
  {
    id: 'plant',
    what: 'planting what runs later outside: hooks, git config, editor and agent settings',
    probes: /^(plant:|git-|nested-)/,
    compared: true,
  },
  {
    id: 'agents',
    what: "the agents' own state and start files in the home",
    probes: /^agent:/,
    tests: ['containment/work.test.ts', 'integration/session/state-files.test.ts'],
    compared: false,
  },
  {
    id: 'leftovers',
    what: 'processes, mounts, placeholders left behind; ending badly',
    tests: ['containment/ends.test.ts', 'containment/work.test.ts'],
    compared: false,
  },
  {
    id: 'hostile-repository',
    what: 'a policy that widens or breaks, programs in the repository, git settings',
    tests: [
      'e2e/trust/hostile.test.ts',
      'unit/config/corpus.test.ts',
      'integration/config/load.test.ts',
      'integration/git/hostile.test.ts',
      'integration/host/executables.test.ts',
    ],
    compared: false,
  },
  {
    id: 'by-hand',
    what: 'editing what people run by hand: allowed, and named at the end',
    tests: ['e2e/live/planted.test.ts'],
    compared: false,
  },
  {
    id: 'approval',
    what: 'an approval that is swapped, borrowed or answered by somebody else',
    tests: ['e2e/trust/ask.test.ts', 'integration/config/trust.test.ts', 'e2e/trust/trust.test.ts'],
    compared: false,
  },
  {
    id: 'watcher',
    what: 'killing, freezing or starving what watches: overflow, watch limit, storms, cyclic links',
    tests: [
      'e2e/live/failures.test.ts',
      'e2e/faults/faults.test.ts',
      'integration/masks/watch/engine.test.ts',
    ],
    compared: false,
  },
  {
    id: 'proxy',
    what: 'tricks with the proxy: names, addresses, rebinding, smuggled and endless requests',
    tests: [
      'integration/network/tricks.test.ts',
      'integration/network/fuzz.test.ts',
      'unit/network/rules.test.ts',
    ],
    compared: false,
  },
  {
    id: 'history',
    what: 'secrets in git: committed, staged, stashed',
    tests: ['integration/git/history.test.ts'],
    compared: false,
  },
]

/** The threats that a probe belongs to. */
export const threatsOf = (probe: string): readonly Threat[] =>
  catalogue.filter(({ probes }) => probes?.test(probe) === true)
