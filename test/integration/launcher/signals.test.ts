import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Who } from '../../support/who.ts'
import { makeBench, type Bench } from './box.ts'

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

  test.each(['TERM', 'HUP', 'INT', 'USR1'])(
    'an agent without a trap dies of %s, and so do we',
    async (name) => {
      const box = bench.start(who, ['sh', '-c', 'echo up; sleep 30'])
      await box.says('up')
      box.child.kill(`SIG${name}` as NodeJS.Signals)
      expect((await box.ended).signal).toBe(`SIG${name}`)
    },
  )

  test('only the agent gets what only Node was sent, its group what the group was sent', async () => {
    const inside = `${reporter(['TERM'], 1)} & trap "echo main" TERM; sleep 0.3; echo ready; sleep 0.5; sleep 0.5; sleep 0.5; kill %1 2>/dev/null; wait`
    const box = bench.start(who, ['bash', '-c', inside])
    await box.says('ready')
    box.child.kill('SIGTERM')
    await box.says('main')
    expect((await box.ended).stdout.indexOf('main')).toBeLessThan(
      (await box.ended).stdout.lastIndexOf('TERM'),
    )
  })

  test('timeout(1), which signals the child and its own group, ends the agent as it would bare', async () => {
    const inside = 'trap "echo got; exit 3" TERM; echo up; sleep 20 & wait; echo never'
    const bare = await bench.shell(['timeout', '1', 'bash', '-c', inside], who)
    const boxed = await bench.run(who, ['bash', '-c', inside], { through: ['timeout', '1'] })
    expect(bare).toMatchObject({ status: 124, stdout: 'up\ngot\n' })
    expect(boxed).toEqual(bare)
  })

  test('a signal before the agent exists waits for it', async () => {
    const script = `(sleep 0.01; kill -TERM 0) & trap "" TERM; ${bench.words()} bash -c 'trap "exit 5" TERM; sleep 0.2; echo no'; echo "ended $?"`
    const done = await bench.shell(['setsid', '--wait', 'bash', '-c', script], who)
    // The shell that starts it ignores the signal, and Node undoes that for itself and for us.
    expect(done.stdout).toMatch(/^ended (5|143)\n$/)
  })
})
