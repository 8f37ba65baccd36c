import { linkSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromBytes, fsPath } from '../../../src/host/bytes.ts'
import type { InsideAnswer } from '../../../src/session/inside.ts'
import type { Who } from '../../support/who.ts'
import type { Bench } from '../launcher/box.ts'
import { identityOf, makeHandBench, mountsOf, openBox, type HandBox } from './box.ts'

let bench: Bench
beforeAll(() => {
  bench = makeHandBench()
})
afterAll(() => bench.remove())

const odd = fromBytes(Buffer.from([0x2e, 0xff, 0x80, 0x0a, 0x1b, 0x5b, 0xc3]))

describe.each<Who>(['user', 'root'])('masks in a running box, as %s', (who) => {
  let box: HandBox
  beforeAll(async () => {
    box = await openBox(bench, who)
  })
  afterAll(() => box.end())
  const done = (answer: unknown): void => {
    expect(answer).toMatchObject({ emptied: false })
    expect(answer).not.toHaveProperty('error')
  }
  const refused = async (call: Promise<unknown>, error: string): Promise<void> =>
    expect(await call).toMatchObject({ error })
  const read = (path: string): string => readFileSync(fsPath(`/proc/${box.pid}/root${path}`), 'latin1')

  it('cover a file, for processes that run already, too', async () => {
    const path = box.file('.env')
    await box.inside('mkfifo gate; (read line < gate; cat .env; echo after) > out & exec 7<.; cat .env')
    expect(await box.inside('cat .env')).toBe('SECRET')
    done(await box.mask(path))
    expect(await box.inside('cat .env /proc/self/fd/7/.env; stat -c %F,%a .env')).toBe(
      'regular empty file,444',
    )
    expect(await box.inside('echo > gate; wait; cat out')).toBe('after')
    expect(readFileSync(path, 'utf8')).toBe('SECRET')
  })

  it('cover a directory with what appears in it later, and leave no way to write there', async () => {
    const path = box.dir('secrets')
    done(await box.mask(path))
    box.file('secrets/key')
    expect(await box.inside('ls -A secrets; cat secrets/key; touch secrets/x; mkdir secrets/y')).toMatch(
      /^cat: .*No such file.*\ntouch: .*(Read-only|Permission).*\nmkdir: .*(Read-only|Permission)/,
    )
  })

  it.each(['a b', 'c\nd', '\u001b[31m\t', 'ä\u202e', odd, 'x'.repeat(250)])(
    'cover names of any bytes: %j',
    async (name) => {
      const path = box.file(name)
      expect(read(path)).toBe('SECRET')
      done(await box.mask(path))
      expect(read(path)).toBe('')
    },
  )

  it('cover a FIFO, a socket and links, and not what a link leads to', async () => {
    const target = box.file('target', 'not secret')
    symlinkSync('target', join(box.project, 'link'))
    symlinkSync('nowhere', join(box.project, 'dangling'))
    await box.inside(
      `mkfifo pipe; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "sock", Listen => 1) or die $!'`,
    )
    for (const name of ['link', 'dangling', 'pipe', 'sock']) {
      done(await box.mask(join(box.project, name)))
      expect(await box.inside(`timeout 5 cat ${name}; stat -c %F ${name}`)).toBe('regular empty file')
    }
    expect(read(target)).toBe('not secret')
  })

  it('refuse a path through a link, which the agent could have made', async () => {
    const dir = box.dir('real')
    const path = box.file('real/.env')
    symlinkSync('real', join(box.project, 'alias'))
    await refused(box.mask(join(box.project, 'alias/.env'), { kind: 'empty' }, identityOf(path)), 'ELOOP')
    await refused(box.call('unmask', join(box.project, 'alias/.env'), zero, identityOf(path)), 'ENOTDIR')
    expect(read(path)).toBe('SECRET')
    expect(mountsOf(box.pid, dir)).toEqual([])
  })

  it('deny, show other text, and change that', async () => {
    const [denied, shown] = [box.file('denied'), box.file('shown')]
    done(await box.mask(denied, { kind: 'deny' }))
    expect(await box.inside('cat denied')).toContain('Permission denied')
    const answer = await box.mask(shown, { kind: 'text', text: 'KEY=\n' })
    done(answer)
    expect(await box.inside('cat shown; echo x > shown')).toMatch(/^KEY=\n.*(Read-only|Permission)/)
    done(await box.call('rewrite', answer.token, 'ä=\nOTHER=\n'))
    expect(Buffer.from(read(shown), 'latin1').toString()).toBe('ä=\nOTHER=\n')
    await refused(box.call('rewrite', 4_000_000, 'x'), 'ENOENT')
  })

  it('leave alone what is not what the host meant', async () => {
    const path = box.file('replaced')
    const before = identityOf(path)
    box.file('new', 'innocent')
    renameSync(join(box.project, 'new'), path)
    const answer = await box.mask(path, { kind: 'empty' }, before)
    expect(answer).toMatchObject({ error: 'EEXIST', found: identityOf(path) })
    expect(read(path)).toBe('innocent')
    await refused(box.mask(path, { kind: 'empty' }, zero), 'EEXIST')
    await refused(box.mask(join(box.project, 'absent'), { kind: 'empty' }, before), 'ENOENT')
    await refused(box.mask('relative', { kind: 'empty' }, before), 'EINVAL')
    await refused(box.mask(`/${'x/'.repeat(3000)}`, { kind: 'empty' }, before), 'ENAMETOOLONG')
  })

  it('go only as what they are, and from where they are', async () => {
    const path = box.file('twice')
    const covered = identityOf(path)
    await refused(box.call('unmask', path, covered, covered), 'EEXIST')
    const { found } = await box.mask(path)
    await refused(box.call('unmask', path, covered, covered), 'EEXIST')
    await refused(box.call('unmask', path, found, zero), 'ESTALE')
    await refused(box.call('unmask', `${box.project}/.`, found, covered), 'EINVAL')
    expect(read(path)).toBe('')
    done(await box.call('unmask', path, found, covered))
    expect(read(path)).toBe('SECRET')
  })

  it('stay when the agent brings another secret to the path', async () => {
    for (const name of ['one', 'two']) box.dir(name)
    const [one, two] = [box.file('one/.env', 'first'), box.file('two/.env', 'second')]
    const covered = identityOf(one)
    const { found } = await box.mask(one)
    done(await box.mask(two))
    await box.inside('mv one three && mv two one')
    await refused(box.call('unmask', one, found, covered), 'ESTALE')
    expect(await box.inside('cat one/.env three/.env')).toBe('')
  })

  it('go by name: another name of the same file needs one of its own', async () => {
    const path = box.file('linked')
    linkSync(path, join(box.project, 'second'))
    done(await box.mask(path))
    done(await box.mask(join(box.project, 'second')))
    expect(await box.inside('cat linked second')).toBe('')
  })

  it('are made by the thousand, all at the same time', async () => {
    box.dir('many')
    const paths = Array.from({ length: 3000 }, (_, n) => box.file(`many/${n}.env`))
    const all = paths.map((path) => [path, identityOf(path)])
    const answers = (await box.call('maskAll', all)) as InsideAnswer[]
    expect(answers.filter(({ error }) => error !== undefined)).toEqual([])
    expect(await box.inside('cat many/*')).toBe('')
  })

  it('protect what stands there, with all below it, once', async () => {
    const dir = box.dir('protected')
    box.dir('protected/below')
    const secret = box.file('protected/below/.env')
    done(await box.mask(secret))
    done(await box.call('protect', dir, identityOf(dir)))
    done(await box.call('protect', dir, identityOf(dir)))
    expect(mountsOf(box.pid, dir).length).toBe(1)
    expect(await box.inside('touch protected/x protected/below/y; cat protected/below/.env')).toMatch(
      /^touch: .*Read-only.*\ntouch: .*Read-only.*$/,
    )
    const file = box.file('config')
    done(await box.call('protect', file, identityOf(file)))
    expect(await box.inside('echo x > config; rm -f config; cat config')).toMatch(
      /Read-only[^]*busy[^]*SECRET/,
    )
    writeFileSync(file, 'by the host')
    expect(read(file)).toBe('by the host')
  })

  it('and pin a directory with all that is mounted in it', async () => {
    const dir = box.dir('pinned')
    const [secret, config] = [box.file('pinned/.env'), box.file('pinned/config')]
    done(await box.mask(secret))
    done(await box.call('protect', config, identityOf(config)))
    await refused(box.call('pin', dir, identityOf(secret)), 'EEXIST')
    expect(await box.inside('mv pinned moved; mv moved pinned')).toBe('')
    done(await box.call('pin', dir, identityOf(dir)))
    expect(
      await box.inside('mv pinned x; cat pinned/.env; echo x > pinned/config; echo new > pinned/new'),
    ).toMatch(/^mv: .*busy\n.*Read-only[^\n]*$/)
    expect(readFileSync(join(dir, 'new'), 'utf8')).toBe('new\n')
  })

  it('leave what is read-only under them so when they go', async () => {
    const path = box.file('both')
    const covered = identityOf(path)
    done(await box.call('protect', path, covered))
    const { found } = await box.mask(path)
    expect(await box.inside('cat both')).toBe('')
    done(await box.call('unmask', path, found, covered))
    expect(await box.inside('cat both; echo; echo x > both')).toMatch(/^SECRET\n.*Read-only/)
    expect(mountsOf(box.pid, path).length).toBe(1)
  })

  it('are not got rid of', async () => {
    const path = box.file('fast')
    box.file('other', 'other')
    done(await box.mask(path))
    expect(await box.inside(ATTACKS.replaceAll('PATH', path))).not.toContain('SECRET')
    expect(await box.inside('cat fast; stat -c %s fast')).toBe('0')
  })
})

it('what is a mount of its own becomes read-only all the same, as what is pinned is', async () => {
  const box = await openBox(bench, 'user')
  const path = box.file('file')
  expect(await box.inside(`echo x > ${path}`)).toBe('')
  expect(await box.call('protect', box.project, identityOf(box.project))).not.toHaveProperty('error')
  expect(await box.inside(`echo x > ${path}`)).toContain('Read-only')
  await box.end()
})

it('text for which there is no room is an empty mask, and room is used again', async () => {
  const small = ['--size', '1048576', '--tmpfs', '/run/agentbox/masks', '--remount-ro', '/run/agentbox/masks']
  const box = await openBox(bench, 'user', { bwrapArgs: small })
  const text = 'K'.repeat(100_000)
  const mask = (path: string, content = text): Promise<InsideAnswer> =>
    box.mask(path, { kind: 'text', text: content })
  for (let round = 0; round < 30; round++) {
    box.file('new', `SECRET ${round}`)
    renameSync(join(box.project, 'new'), join(box.project, 'again'))
    expect(await mask(join(box.project, 'again'))).toMatchObject({ emptied: false })
  }
  const answers: InsideAnswer[] = []
  for (let n = 0; n < 20; n++) answers.push(await mask(box.file(`full-${n}`)))
  expect(answers.every(({ error }) => error === undefined)).toBe(true)
  expect(answers.filter(({ emptied }) => emptied).length).toBeGreaterThan(5)
  expect(await mask(box.file('huge'), 'K'.repeat((1 << 20) + 1))).toMatchObject({ emptied: true })
  expect(await box.inside('cat again full-* huge | tr -d K')).toBe('')
  await box.end()
})

const zero = { dev: '0', ino: '0' }

/** What a program may try with the masked `PATH`; the box has perl, and its working directory is the file's. */
const ATTACKS = String.raw`
  mv fast moved; rm -f fast; mv -f other fast; ln fast hard; ln -f other fast; cat hard moved
  umount PATH; umount -l PATH; mount --bind / /tmp; unshare -rm sh -c 'umount PATH; cat PATH'
  cat fast /proc/self/cwd/fast /proc/self/root/PATH /proc/1/root/PATH /proc/1/cwd/fast
  cd /; cat /proc/$$/cwd/PATH; exec 8<$OLDPWD; cat /proc/self/fd/8/fast; cd "$OLDPWD"
  chmod 666 fast; truncate -s 9 fast; dd if=/dev/zero of=fast count=1; tar c fast 2>/dev/null | tr -d '\0'
  perl -e '
    my ($handle, $mount) = (pack("II", 128, 0) . "\0" x 128, pack("I", 0));
    syscall(${process.arch === 'arm64' ? 264 : 303}, -100, "PATH", $handle, $mount, 0);
    my $fd = syscall(${process.arch === 'arm64' ? 265 : 304}, 8, $handle, 0);
    if ($fd >= 0) { open(my $f, "<&=$fd"); print <$f> }
    syscall(${process.arch === 'arm64' ? 276 : 316}, -100, "PATH", -100, "other", 2);
    my $tree = syscall(428, -100, "PATH", 1);
    if ($tree >= 0) { open(my $f, "<", "/proc/self/fd/$tree"); print <$f> }
  '
  cat other; echo over`
