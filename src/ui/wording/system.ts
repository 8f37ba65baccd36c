import { shown } from '../escape.ts'
import type { Words } from './words.ts'

/** About the call, the command and the machine: what stands in the way of building a box at all. */
export const systemWords: Words<
  | 'usage'
  | 'cwd-gone'
  | 'command-not-found'
  | 'command-not-runnable'
  | 'io'
  | 'bwrap-missing'
  | 'bwrap-too-old'
  | 'bwrap-untrusted'
  | 'bwrap-failed'
  | 'box-too-large'
  | 'command-too-long'
  | 'userns-refused'
  | 'arch-unsupported'
  | 'helper-missing'
  | 'box-not-joined'
  | 'box-tampered'
  | 'scan-failed'
  | 'state-unusable'
> = {
  usage: ({ text, command }) => [
    shown(text),
    `try: agentbox ${command === undefined ? '' : `${command} `}--help`,
  ],
  'cwd-gone': () => ['the current directory does not exist any more', 'go to a directory that does'],
  'command-not-found': ({ name }) => [`${shown(name)}: command not found`],
  'command-not-runnable': ({ path, reason }) => [`${shown(path)}: ${shown(plainReason(reason))}`],
  io: ({ action, path, reason, hint }) => [
    `cannot ${action} ${shown(path)}: ${shown(plainReason(reason))}`,
    ...(hint === undefined ? [] : [shown(hint)]),
  ],
  'bwrap-missing': () => [
    'bubblewrap (bwrap) is not installed; without it there is no box, so nothing was started',
    'install it: apt-get install bubblewrap · dnf install bubblewrap · pacman -S bubblewrap · apk add bubblewrap',
  ],
  'bwrap-too-old': ({ path, version, needed }) => [
    `${path} is version ${shown(version)}; agentbox needs ${needed} or newer`,
    'update bubblewrap',
  ],
  'bwrap-untrusted': ({ path, reason }) => [
    `will not use ${shown(path)}: ${reason}`,
    'install bubblewrap from your distribution',
  ],
  'bwrap-failed': ({ stderr }) => ['the box could not be built; nothing was started', ...stderrLines(stderr)],
  'box-too-large': ({ mounts }) => [
    `the box would be made of ${mounts} mounts, more than bwrap takes in one command; nothing was started`,
    'grant directories in place of what is in them: filesystem.read and filesystem.write',
  ],
  'command-too-long': ({ count }) => [
    `the command has ${count} arguments, more than bwrap takes; nothing was started`,
    'let a shell in the box make them: agentbox run -- sh -c "COMMAND *"',
  ],
  'userns-refused': ({ by, stderr }) => usernsRefused(by, stderr),
  'arch-unsupported': ({ arch }) => [
    `no system-call filter for ${arch}: agentbox runs on x86_64 and aarch64`,
  ],
  'helper-missing': ({ path }) => [
    `its helper ${shown(path)} is missing or not executable; nothing was started`,
    'install agentbox again, or: npm run build',
  ],
  'box-not-joined': ({ reason }) => [
    `the running box cannot be reached from outside (${shown(reason)}), so secrets that appear later could not be masked; nothing was started`,
    'this needs Linux 5.12 or newer',
  ],
  'box-tampered': ({ path, expected, found }) => [
    `${shown(path)} changed while the box was being built (${expected} became ${found}); nothing was started`,
    'try again; if it happens again, look at what runs in this project',
  ],
  'scan-failed': ({ path, reason }) => [
    `cannot look for secrets in ${shown(path)}: ${shown(reason)}; nothing was started`,
    'make it readable, or hide it: filesystem.hide',
  ],
  'state-unusable': ({ path, reason }) => [
    `cannot use ${shown(path)}: ${shown(plainReason(reason))}`,
    'mend it, or set XDG_STATE_HOME to a directory of your own',
  ],
}

/** Of what Node says (`ENOENT: no such file or directory, open '/x'`) what is not said already. */
const plainReason = (reason: string): string => /^E[A-Z0-9]+: ([^,]+), /.exec(reason)?.[1] ?? reason

const OWN_PROFILE = '/etc/apparmor.d/bwrap-userns-restrict'

/** Two profiles for one program are none: the kernel attaches neither. */
export const appArmorWords = [
  `printf '%s\\n' 'abi <abi/4.0>,' 'include <tunables/global>' 'profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }' | sudo tee /etc/apparmor.d/bwrap && sudo systemctl reload apparmor`,
  `where the system has a profile of its own (Ubuntu 25.04 and newer) instead: sudo apparmor_parser -r ${OWN_PROFILE}`,
] as const

function usernsRefused(by: 'apparmor' | 'sysctl' | 'unknown', stderr: string): string[] {
  const first = 'this system does not let bubblewrap make user namespaces; nothing was started'
  switch (by) {
    case 'apparmor':
      return [first, 'AppArmor restricts them (Ubuntu). Allow bwrap:', ...appArmorWords]
    case 'sysctl':
      return [
        first,
        'allow them: sudo sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1',
      ]
    case 'unknown':
      return [first, ...stderrLines(stderr)]
  }
}

function stderrLines(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, 5)
    .map((line) => shown(line))
}
