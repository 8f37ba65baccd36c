import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { start, type Ended, type Running } from '../../support/spawn.ts'
import { as, type Who } from '../../support/who.ts'
import { makeBench, whenUp, type Bench } from './box.ts'

let bench: Bench
beforeAll(() => {
  bench = makeBench()
})
afterAll(() => bench.remove())

const everybody: Who[] = ['root', 'user']
const sent = [
  'HUP',
  'INT',
  'QUIT',
  'TERM',
  'USR1',
  'USR2',
  'ALRM',
  'VTALRM',
  'CONT',
  'WINCH',
  'URG',
  'IO',
  'PWR',
] as const

/** Says which signals came, every one a line, and ends at the first of them after `n`. */
const reporter = (names: readonly string[], n: number): string =>
  `${names.map((name) => `trap 'echo ${name}; n=$((n+1))' ${name}`).join('; ')}
   n=0; echo up; while [ $n -lt ${n} ]; do sleep 0.02; done; exit 9`

describe.each(everybody)('as %s', (who) => {
  test('every signal that Node gets reaches the agent, once', async () => {
    const box = bench.start(who, ['bash', '-c', reporter(sent, sent.length)])
    await box.says('up')
    let all = 'up\n'
    for (const name of sent) {
      box.child.kill(`SIG${name}`)
      await box.says((all += `${name}\n`))
    }
    expect(await box.ended).toMatchObject({ status: 9, stdout: all })
  })

  test('SIGPIPE is for Node alone, which gets it for its own sockets', async () => {
    const box = bench.start(who, ['sh', '-c', 'echo up; sleep 0.5; echo over'])
    await box.says('up')
    box.child.kill('SIGPIPE')
    expect(await box.ended).toMatchObject({ status: 0, stdout: 'up\nover\n' })
  })

  test.each(['TERM', 'HUP', 'INT', 'USR1'])(
    'an agent without a trap dies of %s, and so do we',
    async (name) => {
      const box = bench.start(who, ['sh', '-c', 'echo up; exec sleep 30'])
      await box.says('up')
      box.child.kill(`SIG${name}` as NodeJS.Signals)
      expect((await box.ended).signal).toBe(`SIG${name}`)
    },
  )

  test('what only Node was sent is for the agent alone, what the group was sent for its group', async () => {
    const helper = `trap "echo child; exit" TERM; echo up; while :; do sleep 0.02; done`
    const inside = `trap "echo main; n=\\$((n+1))" TERM; n=0; (${helper}) &
      while [ $n -lt 2 ]; do sleep 0.02; done; wait`
    const alone = bench.start(who, ['bash', '-c', inside.replace('lt 2', 'lt 1').replace('; wait', '')])
    await alone.says('up')
    alone.child.kill('SIGTERM')
    expect((await alone.ended).stdout).toBe('up\nmain\n')
    const box = `${bench.words()} bash -c '${inside.replace('lt 2', 'lt 1')}'`
    const script = whenUp([box], 'trap "" TERM; kill -TERM 0')
    const group = await bench.shell(['setsid', '--wait', 'bash', '-c', script], who)
    expect(group.stdout.split('\n').toSorted()).toEqual(['', 'child', 'main', 'up'])
  })

  test('timeout(1), which signals the child and its own group, ends the agent as it would bare', async () => {
    const inside = 'trap "trap : TERM; echo got; exit 3" TERM; sleep 60 & echo up; wait; echo never'
    // Its own alarm is what its time ends with. The child gets the signal twice, and may see that.
    const over = async (running: Running): Promise<Ended> => {
      await running.says('up')
      running.child.kill('SIGALRM')
      return running.ended
    }
    const argv = as(who, ['timeout', '60', 'bash', '-c', inside])
    const bare = await over(start({ argv, cwd: bench.dir, env: { PATH: '/usr/bin:/bin' } }))
    const boxed = await over(bench.start(who, ['bash', '-c', inside], { through: ['timeout', '60'] }))
    expect(bare).toMatchObject({ status: 124, stdout: 'up\ngot\n' })
    expect(boxed).toEqual(bare)
  })

  test('a signal that comes while the box is held is for the agent', async () => {
    const done = await bench.run(who, ['sh', '-c', 'sleep 1; echo ran'], { spec: { ready: 'signal' } })
    expect(done).toMatchObject({ signal: 'SIGTERM', stdout: '' })
  })

  test('what is to be frozen before the agent is there is frozen when it is', async () => {
    const box = bench.start(who, ['sleep', '60'], { spec: { ready: 'freeze' } })
    await box.says('frozen')
    box.child.kill('SIGTERM')
    expect((await box.ended).signal).toBe('SIGTERM')
  })

  test('the agent gets a signal to the group once, also when another box is in the group', async () => {
    const inside =
      'n=0; trap "n=$((n+1))" USR1; echo up; until [ $n -gt 0 ]; do sleep 0.05; done; sleep 1; echo $n'
    const box = `${bench.words()} bash -c '${inside.replace('$((n+1))', String.raw`\$((n+1))`)}'`
    const script = whenUp([box, box], 'trap "" USR1; kill -USR1 0')
    const done = await bench.shell(['setsid', '--wait', 'bash', '-c', script], who)
    expect(done.stdout).toBe('up\n1\nup\n1\n')
  })

  test('signals to the group come once each, however late this process hears of them', async () => {
    const inside = String.raw`n=0; trap "n=\$((n+1)); echo up" USR1; trap "echo \$n; exit" USR2
      echo up; while :; do sleep 0.02; done`
    const box = `${bench.words({ spec: { ready: 'busy' } })} bash -c '${inside}'`
    const next = (n: number): string =>
      `kill -USR1 0; until [ $(grep -c up $out/0) -gt ${n} ]; do sleep 0.02; done`
    const script = whenUp(
      [box],
      `trap "" USR1 USR2; ${next(1)}; ${next(2)}; ${next(3)}; sleep 3; kill -USR2 0`,
    )
    const done = await bench.shell(['setsid', '--wait', 'bash', '-c', script], who)
    expect(done.stdout).toBe('up\nup\nup\nup\n3\n')
  })
})
