import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { childrenOf } from '../../support/processes.ts'
import { eventually } from '../../support/spawn.ts'
import { as, type Who } from '../../support/who.ts'
import type { Bench } from '../launcher/box.ts'
import { makeHandBench, openBox, type HandBox } from './box.ts'

let bench: Bench
beforeAll(() => {
  bench = makeHandBench()
})
afterAll(() => bench.remove())

const everybody: Who[] = ['user', 'root']
const sleep = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time))

/** A file that grows as long as something in the box runs. */
const TICKING =
  '(while :; do echo >> tick; sleep 0.05; done) & (setsid sh -c "while :; do echo >> free; sleep 0.05; done") &'
const sizeOf = (box: HandBox, name: string): number => statSync(`${box.project}/${name}`).size

async function ticking(who: Who): Promise<HandBox> {
  const box = await openBox(bench, who)
  await box.inside(TICKING)
  expect(await eventually(() => runs(box))).toBe(true)
  return box
}

function runs(box: HandBox): boolean {
  try {
    return sizeOf(box, 'tick') > 0 && sizeOf(box, 'free') > 0
  } catch {
    return false
  }
}

/** Whether nothing moves for half a second, within `limit` milliseconds. */
async function standsStill(box: HandBox, limit = 30_000): Promise<boolean> {
  for (const end = Date.now() + limit; Date.now() < end;) {
    const before = [sizeOf(box, 'tick'), sizeOf(box, 'free')]
    await sleep(500)
    if (sizeOf(box, 'tick') === before[0] && sizeOf(box, 'free') === before[1]) return true
  }
  return false
}

async function goesOn(box: HandBox): Promise<boolean> {
  const before = [sizeOf(box, 'tick'), sizeOf(box, 'free')]
  return eventually(() => sizeOf(box, 'tick') > before[0]! && sizeOf(box, 'free') > before[1]!)
}

describe.each(everybody)('a box that is watched over, as %s', (who) => {
  it('stands still each time that Node is stopped, and goes on with all of its processes', async () => {
    const box = await ticking(who)
    for (let round = 0; round < (who === 'user' ? 2 : 1); round++) {
      process.kill(box.node.pid!, 'SIGSTOP')
      expect(await standsStill(box)).toBe(true)
      process.kill(box.node.pid!, 'SIGCONT')
      expect(await goesOn(box)).toBe(true)
    }
    await box.end()
  })

  it('stays frozen for Node, whatever else stops and continues, until Node thaws it', async () => {
    const box = await ticking(who)
    await box.call('freeze')
    expect(await standsStill(box)).toBe(true)
    await box.call('freeze')
    for (const signal of ['SIGTSTP', 'SIGCONT', 'SIGSTOP', 'SIGCONT'] as const) {
      process.kill(box.node.pid!, signal)
      await sleep(200)
    }
    expect(await standsStill(box, 600)).toBe(true)
    await box.call('thaw')
    expect(await goesOn(box)).toBe(true)
    await box.end()
  })
})

it('a box goes on while Node is busy for seconds', async () => {
  const box = await ticking('user')
  const busy = box.call('block', 3500)
  const end = Date.now() + 3300
  // In turns of ours: on a machine that does much else they are late as well.
  let longest = 0
  for (let [size, turns] = [0, 0]; Date.now() < end; await sleep(20)) {
    turns = sizeOf(box, 'tick') === size ? turns + 1 : 0
    longest = Math.max(longest, turns)
    size = sizeOf(box, 'tick')
  }
  expect(longest).toBeLessThan(75)
  await busy
  await box.end()
})

it('a program that has a timer continue it is stopped all the same', async () => {
  const box = await openBox(bench, 'user')
  await box.inside(String.raw`cat > c.c <<'C'
    #include <signal.h>
    #include <time.h>
    #include <unistd.h>
    static void ignore(int number) { (void)number; }
    int main(void) {
      struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT};
      struct itimerspec often = {{0, 3000000}, {0, 3000000}};
      timer_t timer;
      signal(SIGCONT, ignore);
      if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return 2;
      timer_settime(timer, 0, &often, 0);
      for (;;) {
        if (write(1, "x", 1) != 1) return 1;
        nanosleep(&(struct timespec){0, 1000000}, 0);
      }
    }
C
  cc -o c c.c && (./c > tick &) && (while :; do echo >> free; sleep 0.05; done) &`)
  expect(await eventually(() => runs(box))).toBe(true)
  await box.call('freeze')
  expect(await standsStill(box)).toBe(true)
  box.node.kill('SIGKILL')
  await box.end()
})

it('a box that is to stand still is ended if process 1 cannot see whether it does', async () => {
  const box = await ticking('user')
  // As the filter keeps the box's own processes from doing.
  const [program, ...argv] = as('user', ['prlimit', '--nofile=3:3', '--pid', String(box.pid)])
  execFileSync(program, argv)
  await box.call('freeze')
  expect(await eventually(() => !existsSync(`/proc/${box.pid}`), 60_000)).toBe(true)
  await box.end()
})

it('a storm of stops and continues by the agent itself does nothing else', async () => {
  const box = await openBox(bench, 'user')
  const launch = childrenOf(box.node.pid!)[0]!
  expect(
    await box.inside(
      `sleep 60 & for i in $(seq 300); do for p in $! 1 -1; do
         [ $p = -1 ] || kill -STOP $p; kill -CONT $p; kill -URG $p; done; done; kill $!; echo over`,
    ),
  ).toContain('over')
  expect(childrenOf(box.node.pid!)).toContain(launch)
  await box.end()
})
