import { chmodSync, rmSync } from 'node:fs'
import type { Running } from '../../support/spawn.ts'
import type { TestHome } from '../../support/home.ts'
import { partsOf } from '../../support/processes.ts'

/** What the box is expected to do. */
export type Outcome =
  /** It ends, and nothing of it is left. */
  | 'ends'
  /** It goes on, and what appears is masked. */
  | 'goes on'

export interface Fault {
  what: string
  outcome: Outcome
  /** For docs/faults.md, after the outcome. */
  says: string
  /** Makes it happen to a running box; what it returns puts the machine right again. */
  act(box: Running, place: Place): void | (() => void)
}

/** Root goes the same ways but for the kernel's own checks: for root those are tried that end a box by force. */
export const ofRoot = ({ what }: Fault): boolean => what.startsWith('SIGKILL')

export interface Place {
  home: TestHome
  project: string
}

type Part = 'agentbox' | 'helper' | 'joined' | 'monitor' | 'init'

const pidOf = ({ pid }: Running, part: Part): number => (part === 'agentbox' ? pid : partsOf(pid)[part])

const names: Record<Part, string> = {
  agentbox: 'agentbox itself',
  helper: 'the helper that starts the box',
  joined: 'the process that mounts masks in the box',
  monitor: 'bwrap',
  init: 'pid 1 of the box',
}

function kill(part: Part, signal: NodeJS.Signals, outcome: Outcome, says: string): Fault {
  const what = `${signal} to ${names[part]}`
  return { what, outcome, says, act: (box) => void process.kill(pidOf(box, part), signal) }
}

function freeze(part: Part, says: string): Fault {
  return {
    what: `${names[part]} is stopped for a second`,
    outcome: 'goes on',
    says,
    act(box) {
      const pid = pidOf(box, part)
      process.kill(pid, 'SIGSTOP')
      setTimeout(() => process.kill(pid, 'SIGCONT'), 1000)
    },
  }
}

/** Faults of a box that runs. */
export const running: readonly Fault[] = [
  kill('agentbox', 'SIGKILL', 'ends', 'the kernel ends the box with it'),
  kill('agentbox', 'SIGTERM', 'ends', 'the signal goes to the agent, the session is closed in order'),
  kill('agentbox', 'SIGHUP', 'ends', 'the same: a terminal that was closed'),
  kill('helper', 'SIGKILL', 'ends', 'the kernel ends the box with it'),
  kill('helper', 'SIGTERM', 'ends', 'the same'),
  kill(
    'joined',
    'SIGKILL',
    'goes on',
    'another one is there within a second, and everything known is covered again',
  ),
  kill('joined', 'SIGTERM', 'goes on', 'the same'),
  kill('monitor', 'SIGKILL', 'ends', 'the kernel ends the box with it'),
  kill('monitor', 'SIGTERM', 'goes on', 'signals are blocked there: they are for the agent'),
  kill('init', 'SIGKILL', 'ends', 'the kernel ends all processes of the box'),
  kill('init', 'SIGTERM', 'goes on', 'it holds no handler, so that the kernel drops the signal'),
  freeze('joined', 'what appears meanwhile is masked when it goes on, or another one takes its place'),
  freeze('monitor', 'it only waits'),
  freeze('init', 'it only waits'),
  {
    what: 'the state directory loses its rights',
    outcome: 'goes on',
    says: 'what it needs is open already; the next launch refuses until it is put right',
    act(_box, { home }) {
      const state = `${home.home}/.local/state/agentbox`
      chmodSync(state, 0)
      return () => chmodSync(state, 0o700)
    },
  },
  {
    what: "the session's own directory is removed",
    outcome: 'goes on',
    says: 'masks are mounts of open files: removing their names takes nothing away',
    act: (_box, { home }) =>
      rmSync(`${home.home}/.local/state/agentbox/sessions`, { recursive: true, force: true }),
  },
  {
    what: 'a directory of the project becomes unreadable',
    outcome: 'goes on',
    says: 'nobody in the box can read it either',
    act(_box, { project }) {
      chmodSync(`${project}/sub`, 0)
      return () => chmodSync(`${project}/sub`, 0o755)
    },
  },
]

/** Faults at the time of a launch. */
export interface LaunchFault {
  what: string
  /**
   * `refuses`: status 125 and a reason, nothing was started. `does not start`: the same, but Node itself ends or says
   * why. `starts`: the box stands, with its masks.
   */
  outcome: 'refuses' | 'does not start' | 'starts'
  says: string
  /**
   * Shell text that is run as root, in a mount namespace of its own, before agentbox is; STATE, PROJECT and HOME are
   * set.
   */
  before?: string
  /** A command that agentbox is started by. */
  by?: readonly string[]
  only?: 'user'
}

const full = (dir: string): string =>
  `mount -t tmpfs -o size=64k,mode=0700,uid=$(stat -c %u "$HOME"),gid=$(stat -c %g "$HOME") none "${dir}" && dd if=/dev/zero of="${dir}/fill" bs=1k 2>/dev/null; true`

export const launching: readonly LaunchFault[] = [
  {
    what: 'the disk of the state directory is full',
    outcome: 'refuses',
    says: 'masks and the private home are made there',
    before: full('$STATE'),
  },
  {
    what: 'the state directory is read-only',
    outcome: 'refuses',
    says: 'the same',
    before: 'mount --bind "$STATE" "$STATE" && mount -o remount,ro,bind "$STATE"',
  },
  {
    what: 'the disk of the cache is full',
    outcome: 'starts',
    says: 'the compiled code is only not kept',
    before: `mkdir -p "$HOME/.cache" && ${full('$HOME/.cache')}`,
  },
  {
    what: "the machine's /tmp is full",
    outcome: 'starts',
    says: 'nothing of agentbox is there, and the box has a /tmp of its own',
    before: full('/tmp'),
  },
  {
    what: 'a directory of the project is unreadable',
    outcome: 'starts',
    says: 'for a user it is closed in the box as well; root reads it, and masks what is in it',
    before: 'chmod 0 "$PROJECT/sub"',
  },
  {
    what: 'no more inotify instances',
    outcome: 'starts',
    says: 'the project is looked through again and again instead, and the start says so',
    only: 'user',
  },
  {
    what: 'no more processes',
    outcome: 'does not start',
    says: 'Node cannot even start its threads',
    by: ['prlimit', '--nproc=1', '--'],
    only: 'user',
  },
  {
    what: 'hardly any descriptors',
    outcome: 'refuses',
    says: 'a box needs some thirty',
    only: 'user',
    by: ['prlimit', '--nofile=22', '--'],
  },
]
