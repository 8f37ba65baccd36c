import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { eventually, start, type Running } from '../../support/spawn.ts'
import type { TestHome } from '../../support/home.ts'
import { networkOf, partsOf } from '../../support/processes.ts'
import { as } from '../../support/who.ts'

/** What the box is expected to do. */
export type Outcome =
  /** It ends, and nothing of it is left. */
  | 'ends'
  /** It goes on, and what appears is masked. */
  | 'goes on'

export interface Fault {
  what: string
  outcome: Outcome
  /** As in `LaunchFault`; for what has to be so before the box is there. */
  before?: string
  only?: 'user'
  /** For docs/faults.md, after the outcome. */
  says: string
  /** In what agentbox says at the end. */
  tells?: RegExp
  /** Makes it happen to a running box; what it returns puts the machine right again. */
  act(box: Running, place: Place): void | (() => void) | Promise<(() => void) | void>
}

/** Root goes the same ways but for the kernel's own checks: for root those are tried that end a box by force. */
export const ofRoot = ({ what }: Fault): boolean => what.startsWith('SIGKILL')

export interface Place {
  home: TestHome
  project: string
  /** A program that takes all inotify instances and says so. */
  taker: string
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
      setTimeout(() => signalIfThere(pid, 'SIGCONT'), 1000)
    },
  }
}

/** Stopped until the box has been told to end, which it does all the same. */
function freezeForGood(part: Part, outcome: Outcome, says: string): Fault {
  return {
    what: `${names[part]} is stopped for good`,
    outcome,
    says,
    act(box) {
      const pid = pidOf(box, part)
      process.kill(pid, 'SIGSTOP')
      if (outcome === 'ends') process.kill(box.pid, 'SIGTERM')
      return () => signalIfThere(pid, 'SIGCONT')
    },
  }
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  if (existsSync(`/proc/${pid}`)) process.kill(pid, signal)
}

/** No more of a resource than the process has now. */
function exhaust(part: Part, resource: 'nofile' | 'nproc'): (box: Running, place: Place) => Promise<void> {
  return async (box, { home }) => {
    const pid = pidOf(box, part)
    const have = resource === 'nproc' ? 1 : Math.max(...readdirSync(`/proc/${pid}/fd`).map(Number)) + 1
    await home.must(['prlimit', '--pid', String(pid), `--${resource}=${have}:${have}`])
  }
}

/** Moves the project away for as long as the test of the row takes; `then` makes something in its place. */
function away(then: (project: string) => void): Fault['act'] {
  return (_box, { project }) => {
    renameSync(project, `${project}.away`)
    then(project)
    return () => {
      rmSync(project, { recursive: true, force: true })
      renameSync(`${project}.away`, project)
    }
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
  {
    what: 'SIGKILL to the process that serves its network',
    outcome: 'goes on',
    says: 'what was open is cut, it reaches nothing any more, and that is said at once',
    tells: /this box reaches nothing any more/,
    async act({ pid }) {
      // It is started while the agent starts.
      await eventually(() => networkOf(pid) !== undefined)
      process.kill(networkOf(pid)!, 'SIGKILL')
    },
  },
  freeze('agentbox', 'everything in it stands still meanwhile, so that nothing is read that was not masked'),
  freeze('helper', 'it only waits'),
  freeze('joined', 'what appears meanwhile is masked when it goes on, or another one takes its place'),
  freeze('monitor', 'it only waits'),
  freeze('init', 'it only waits'),
  freezeForGood('helper', 'ends', 'asked to end, agentbox does not wait for it'),
  freezeForGood('joined', 'goes on', 'what does not answer is ended, and another one takes its place'),
  {
    what: 'the project is moved away',
    outcome: 'ends',
    says: 'nothing in it can be found by its path any more, so that nothing could be masked',
    tells: /shop was moved or removed/,
    act: away(() => {}),
  },
  {
    what: 'the project is moved away and another directory takes its place',
    outcome: 'ends',
    says: 'the same',
    tells: /shop was moved or removed/,
    act: away((project) => {
      mkdirSync(project)
      writeFileSync(`${project}/.env`, 'TOKEN=secret-at-start')
    }),
  },
  {
    what: 'the project is removed',
    outcome: 'ends',
    says: 'the same',
    tells: /shop was moved or removed/,
    async act(_box, { home, project }) {
      await home.must(['cp', '-a', project, `${project}.copy`])
      rmSync(project, { recursive: true, force: true })
      return () => renameSync(`${project}.copy`, project)
    },
  },
  {
    what: 'the disk of the state directory becomes full',
    outcome: 'goes on',
    says: 'masks are placed all the same; journal and list are behind',
    before:
      'mount -t tmpfs -o size=1m,mode=0700,uid=$(stat -c %u "$HOME"),gid=$(stat -c %g "$HOME") none "$STATE"',
    act: (box, { home }) => fill(`/proc/${box.pid}/root${home.home}/.local/state/agentbox`),
  },
  {
    what: "the machine's /tmp becomes full",
    outcome: 'goes on',
    says: 'nothing of agentbox is there',
    before: 'mount -t tmpfs -o size=1m,mode=1777 none /tmp',
    act: (box) => fill(`/proc/${box.pid}/root/tmp`),
  },
  {
    what: 'all inotify instances of the user are taken',
    outcome: 'goes on',
    says: 'it has its own already',
    only: 'user',
    async act(_box, { home, taker }) {
      const taking = start({ argv: as(home.who, [taker]), cwd: '/', env: home.env })
      await taking.says('taken')
      return () => void process.kill(taking.pid, 'SIGKILL')
    },
  },
  {
    what: 'agentbox gets no more descriptors',
    outcome: 'goes on',
    says: 'a mask needs none of its own',
    act: exhaust('agentbox', 'nofile'),
  },
  {
    what: 'the process that mounts masks gets no more descriptors, and a secret appears',
    outcome: 'ends',
    says: 'a mask that cannot be placed ends it (`live.onFailure: stop`)',
    tells: /live\.onFailure: stop/,
    async act(box, place) {
      await exhaust('joined', 'nofile')(box, place)
      place.home.write(`${place.project}/.env.late`, 'TOKEN=secret-late\n')
    },
  },
  {
    what: 'agentbox gets no more processes, and loses the one that mounts masks',
    outcome: 'ends',
    says: 'no other one can be had (`live.onFailure: stop`)',
    tells: /live\.onFailure: stop/,
    only: 'user',
    async act(box, place) {
      await exhaust('agentbox', 'nproc')(box, place)
      await exhaust('helper', 'nproc')(box, place)
      process.kill(pidOf(box, 'joined'), 'SIGKILL')
    },
  },
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

function fill(dir: string): void {
  try {
    for (let n = 0; n < 64; n++) writeFileSync(`${dir}/fill-${n}`, Buffer.alloc(32 << 10))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return
    throw error
  }
  throw new Error(`${dir} does not become full`)
}

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
