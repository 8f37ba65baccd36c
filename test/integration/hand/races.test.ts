import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mutant, type Bench } from '../launcher/box.ts'
import { makeHandBench, openBox, type HandBox } from './box.ts'

let bench: Bench
beforeAll(() => {
  bench = makeHandBench()
})
afterAll(() => bench.remove())

const sleep = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time))

it.each<[string, string, string]>([
  ['before', 'if (!look(target, "", &before)) return errno;', 'usleep(700000);'],
  ['after', 'return error != 0 ? error : verify(', 'usleep(700000);'],
])('a path that is exchanged right %s the mount: the mask is on the secret', async (_, at, wait) => {
  const helper = mutant(bench, 'slow', [['mounts.c', at, `${wait} ${at}`]])
  const box = await openBox(bench, 'user', { spec: { helper } })
  const path = box.file('.env')
  box.file('other', 'innocent')
  const answer = box.mask(path)
  await sleep(250)
  renameSync(path, join(box.project, 'moved'))
  renameSync(join(box.project, 'other'), path)
  expect(await answer).toMatchObject({ error: 'ESTALE' })
  expect(await box.inside('cat .env moved')).toBe('innocent')
  // What has come there instead is not taken for it because it is masked as well.
  const [second, masked] = [box.file('.env.second'), box.file('.env.masked')]
  expect(await box.mask(masked)).not.toHaveProperty('error')
  const again = box.mask(second)
  await sleep(250)
  renameSync(second, join(box.project, 'moved-too'))
  renameSync(masked, second)
  expect(await again).toHaveProperty('error')
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
    const perl =
      'my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => PORT, Listen => 1) or die;'
    const serve = `perl -MIO::Socket::INET -e '${perl.replace('PORT', '9001')} print {$s->accept} "inside\\n"' &`
    const deaf = `perl -MIO::Socket::INET -e '${perl.replace('PORT', '9002')} open F, ">up"; sleep 60' &`
    await box.inside(`${serve} ${deaf} while [ ! -e up ]; do sleep 0.02; done; sleep 0.3`)
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
