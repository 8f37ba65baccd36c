import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, start } from '../../support/spawn.ts'
import type { Who } from '../../support/who.ts'
import { makeBench, mutant, processesWith, whenUp, type Bench } from './box.ts'

let bench: Bench
beforeAll(() => {
  bench = makeBench()
})
afterAll(() => bench.remove())

const everybody: Who[] = ['root', 'user']
const signalAll =
  'trap "" TERM; for s in TERM STOP KILL; do kill -$s 1; done; kill -TERM 0; kill -TERM -1; echo over'

/** Runs a script in a session of its own, with a neighbour in the process group that the box is in. */
const withNeighbour = (box: string, inside: string): string[] => [
  ...['setsid', '--wait', 'bash', '-c'],
  `sleep 60 & neighbour=$!
   ${box} bash -c '${inside}'
   echo "ended $?"
   grep ^State: /proc/$neighbour/status
   kill $neighbour`,
]

const readInit = 'cat /proc/1/environ > /dev/null 2>&1 && echo readable || echo closed'

/** Protections, each with what shows that it is there; without it the same must show the hole. */
const protections: {
  name: string
  without: [file: string, from: string, to: string][]
  script: string
  kept: RegExp
  lost: RegExp
}[] = [
  {
    name: 'the agent has a process group of its own',
    without: [
      ['init.c', 'setpgid(0, 0) != 0 || ', ''],
      ['init.c', ' || setpgid(0, 0) != 0', ''],
      ['init.c', 'setpgid(it.agent, it.agent) != 0', 'false'],
      ['init.c', 'kill(-it.agent,', 'kill(it.agent,'],
      ['launch.c', 'leader == getpgrp() || getpgid(leader) != leader', 'false'],
      ['init.c', '!enter_scope()', 'false'],
    ],
    script: 'kill -KILL 0',
    kept: /ended 137\nState:\tS/,
    lost: /^$/,
  },
  {
    name: 'pid 1 is not dumpable',
    without: [
      ['init.c', 'prctl(PR_SET_DUMPABLE, 0) != 0 || ', ''],
      ['init.c', '!enter_scope()', 'false'],
    ],
    script: readInit,
    kept: /closed/,
    lost: /readable/,
  },
  {
    name: 'descriptors are closed',
    without: [['main.c', 'if (syscall(SYS_close_range,', 'if (false && syscall(SYS_close_range,']],
    script: 'ls /proc/self/fd | wc -l',
    kept: /^4\n/,
    lost: /^(\d\d|[5-9])\n/,
  },
  {
    name: 'a directory is none of the standard three',
    without: [['start.c', 'if (fstat(fd, &what) != 0 || !S_ISDIR(what.st_mode)) continue;', 'continue;']],
    script: 'for fd in 0 2; do stat -L -c %F /proc/self/fd/$fd/..; done; echo over',
    kept: /^over\n$/,
    lost: /^directory\ndirectory\nover\n$/,
  },
  {
    name: 'the monitor is deaf to the signals of its group',
    without: [
      [
        'start.c',
        'static void become_bwrap(const struct order *order, pid_t parent, int channel) {',
        'static void become_bwrap(const struct order *order, pid_t parent, int channel) { sigset_t none; sigemptyset(&none); sigprocmask(SIG_SETMASK, &none, NULL);',
      ],
    ],
    script: 'trap "" USR2; echo up; sleep 1; echo survived',
    kept: /survived/,
    lost: /^up\n(?!survived)/,
  },
]

describe.each(protections)('$name', ({ name, without, script, kept, lost }) => {
  const probe = async (helper: string): Promise<string> => {
    const box = bench.words({ spec: { helper }, bwrapArgs: ['--ro-bind', helper, '/run/agentbox/init'] })
    const boxed = `${box} bash -c '${script}'`
    const group = name.includes('deaf')
      ? ['setsid', '--wait', 'bash', '-c', whenUp([boxed], 'trap "" USR2; kill -USR2 0')]
      : name.includes('group')
        ? withNeighbour(box, script)
        : [
            'bash',
            '-c',
            `exec 3</dev/null 7</dev/null 11</dev/null ${name.startsWith('a directory') ? '0</ 2</' : ''}; ${boxed}`,
          ]
    return (await bench.shell(group)).stdout
  }
  test('holds', async () => expect(await probe(bench.helper)).toMatch(kept))
  test('and is missed', async () => {
    const helper = mutant(bench, 'mutant', without)
    expect(await probe(helper)).toMatch(lost)
  })
})

describe.each(everybody)('as %s', (who) => {
  test('nothing outside notices the signals that the agent sends to everybody', async () => {
    const box = bench.words()
    const done = await bench.shell(withNeighbour(box, signalAll), who)
    expect(done.stdout).toMatch(/^over\nended 0\nState:\tS/)
  })

  test('nor a stop of its own group', async () => {
    const box = `timeout --foreground -k 1 3 ${bench.words()}`
    const done = await bench.shell(
      withNeighbour(box, '(sleep 0.3; kill -CONT $$) & kill -STOP 0; echo over'),
      who,
    )
    expect(done.stdout).toMatch(/State:\tS/)
  })

  test('abstract sockets of the host are out of reach, although the network is shared', async () => {
    const name = `agentbox-${process.pid}-${who}`
    const server = start({ argv: ['perl', '-e', listenPerl(name)], cwd: '/', env: {} })
    await server.says('listening')
    const bare = await bench.shell(['perl', '-e', connectPerl(name)], who)
    const boxed = await bench.run(who, ['perl', '-e', connectPerl(name)])
    server.child.kill()
    expect([bare.stdout, boxed.stdout]).toEqual(['connected', 'refused 1'])
  })

  test('the held box can be looked at from outside, and not by the agent', async () => {
    const pidFile = join(bench.dir, `pid-${who}`)
    const box = bench.start(who, ['bash', '-c', `${readInit}; echo here; sleep 30`], { spec: { pidFile } })
    await box.says('here')
    const pid = Number(readFileSync(pidFile, 'utf8'))
    const seen = await bench.shell(
      ['stat', '-L', '-c', '%F', `/proc/${pid}/ns/mnt`, `/proc/${pid}/root/run/agentbox/init`],
      who,
    )
    expect(seen.stdout).toBe('regular empty file\nregular file\n')
    box.child.kill('SIGTERM')
    expect((await box.ended).stdout).toBe('closed\nhere\n')
  })

  test.each(['node', 'launch', 'bwrap', 'init'] as const)(
    'kill -9 of %s leaves nothing of the box',
    async (part) => {
      const pidFile = join(bench.dir, `kill-${part}-${who}`)
      const marker = `${60 + Math.random()}`
      const script = `setsid sleep ${marker} & sleep ${marker} & echo up; sleep ${marker}`
      const box = bench.start(who, ['bash', '-c', script], { spec: { pidFile } })
      await box.says('up')
      const init = Number(readFileSync(pidFile, 'utf8'))
      const bwrap = parentOf(init)
      const launch = parentOf(bwrap)
      const pids: Record<string, number> = { node: box.pid, launch, bwrap, init }
      expect(processesWith(marker, who).length).toBeGreaterThan(3)
      process.kill(pids[part]!, 'SIGKILL')
      const done = await box.ended
      expect(done.signal).toBe('SIGKILL')
      expect(await eventually(() => processesWith(marker, who).length === 0)).toBe(true)
      expect(await eventually(() => !exists(init) && !exists(bwrap) && !exists(launch))).toBe(true)
    },
  )
})

function listenPerl(name: string): string {
  return `use Socket; $| = 1; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack("Sa*", AF_UNIX, "\\0${name}"));
    listen(S, 9); print "listening"; sleep 30`
}

function connectPerl(name: string): string {
  return `use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0);
    print connect(S, pack("Sa*", AF_UNIX, "\\0${name}")) ? "connected" : "refused " . ($! + 0)`
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1])
}

/** Not for what is dead and waits for the machine's pid 1 to notice. */
function exists(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}
