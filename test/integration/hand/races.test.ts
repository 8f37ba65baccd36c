import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../support/spawn.ts'
import { mutant, type Bench } from '../launcher/box.ts'
import { identityOf, makeHandBench, openBox, type HandBox } from './box.ts'

let bench: Bench
beforeAll(() => {
  bench = makeHandBench()
})
afterAll(() => bench.remove())

it.each<[string, string]>([
  ['before', 'if (!look(target, "", &before)) return errno;'],
  ['after', 'return error != 0 ? error : verify('],
])('a path that is exchanged right %s the mount: the mask is on the secret', async (when, at) => {
  const project = join(bench.dir, `exchanged-${when}`)
  const [here, go, told] = ['here', 'go', 'told'].map((name) => join(project, name)) as [
    string,
    string,
    string,
  ]
  // It says that it has come there, and waits for us.
  const make = (file: string): string => `close(open("${file}", O_CREAT | O_WRONLY, 0600));`
  const wait = `${make(here)} for (int n = 0; n < 20000 && access("${go}", F_OK) != 0; n++) usleep(1000);`
  const sent = 'if (sent != (ssize_t)sizeof *answer) _exit(0);'
  const helper = mutant(bench, 'slow', [
    ['mounts.c', at, `${wait} ${at}`],
    ['join.c', sent, `${sent} if (access("${go}", F_OK) == 0) ${make(told)}`],
  ])
  mkdirSync(project)
  const box = await openBox(bench, 'user', { spec: { helper }, project })
  const path = box.file('.env')
  box.file('other', 'innocent')
  /** Asks for a mask, and does this while the hand is there. */
  const asked = async (target: string, meanwhile: () => void): Promise<unknown> => {
    for (const file of [here, go, told]) rmSync(file, { force: true })
    const answer = box.call('maskAndBlockUntil', target, identityOf(target), told)
    expect(await eventually(() => existsSync(here))).toBe(true)
    meanwhile()
    writeFileSync(go, '')
    return answer
  }
  const first = await asked(path, () => {
    renameSync(path, join(project, 'moved'))
    renameSync(join(project, 'other'), path)
  })
  expect(first).toMatchObject({ error: 'ESTALE' })
  expect(await box.inside('cat .env moved')).toBe('innocent')
  // What has come there instead is not taken for it because it is masked as well.
  const [second, masked] = [box.file('.env.second'), box.file('.env.masked')]
  expect(await box.mask(masked)).not.toHaveProperty('error')
  const again = await asked(second, () => {
    renameSync(second, join(project, 'moved-too'))
    renameSync(masked, second)
  })
  expect(again).toHaveProperty('error')
  expect(await box.inside('cat .env.second')).toBe('')
  await box.end()
})

describe("sockets in the box's own network", () => {
  let box: HandBox
  beforeAll(async () => {
    box = await openBox(bench, 'user', { ownNetwork: true })
  })
  afterAll(() => box.end())

  it('listen for what is inside', async () => {
    expect(await box.call('listen', 8080)).toBeUndefined()
    expect(await box.inside('cat < /dev/tcp/127.0.0.1/8080')).toBe('from outside, 8080')
    expect(await box.call('listen', 8080)).toEqual({ thrown: 'EADDRINUSE' })
  })

  it.each([0, 65_536, 70_000])('refuse port %d', async (port) => {
    for (const kind of ['listen', 'connect']) expect(await box.call(kind, port)).toEqual({ thrown: 'EINVAL' })
  })

  it('connect to what listens inside, and never wait for it', async () => {
    const perl = (port: number, then: string): string =>
      `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => ${port}, Listen => 1) or die;
       open F, ">up-${port}"; ${then}' &`
    const servers = `${perl(9001, 'print {$s->accept} "inside\\n"')} ${perl(9002, 'sleep 60')}`
    await box.inside(`${servers} until [ -e up-9001 ] && [ -e up-9002 ]; do sleep 0.02; done`)
    expect(await box.call('connect', 9001)).toBe('inside\n')
    for (let n = 0; n < 20; n++) await box.call('connectOnly', 9002)
    expect(await box.mask(box.file('.env'))).not.toHaveProperty('error')
    expect(await box.call('connect', 9003)).toEqual({ thrown: 'ECONNREFUSED' })
  })
})

it("no socket is made in the host's network", async () => {
  const box = await openBox(bench, 'user')
  expect(await box.call('listen', 8080)).toEqual({ thrown: 'EOPNOTSUPP' })
  await box.end()
})
