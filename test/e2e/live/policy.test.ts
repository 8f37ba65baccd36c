import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readJournal } from '../../../src/session/journal.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { eventually } from '../../support/spawn.ts'
import { inside as obey, obedient, startBoxes, stateOf, type Box } from './boxes.ts'

/** Milliseconds, on a machine that does much else. */
const LIMIT = 30_000

/** Asks the proxy for a tunnel to 127.0.0.1:$1 and keeps it; what becomes of it is in the file $2. */
const tunnel = `
const { connect } = require('node:net'), { writeFileSync } = require('node:fs')
const [, , port, file] = process.argv, proxy = new URL(process.env.http_proxy)
const socket = connect(proxy.port, proxy.hostname, () => socket.write('CONNECT 127.0.0.1:' + port + ' HTTP/1.1\\r\\nHost: 127.0.0.1:' + port + '\\r\\n\\r\\n'))
let text = ''
socket.on('data', (data) => writeFileSync(file, (text += data).includes(' 200 ') ? 'open' : 'refused'))
socket.on('error', () => {})
socket.on('close', () => writeFileSync(file, text.includes(' 200 ') ? 'closed' : 'refused'))
`

describe.each(['user', 'root'] as const)('a policy that changes while a box runs, as %s', (who) => {
  let at: TestHome
  let project: string
  let box: Box
  let server: Server
  let port: number
  const sockets = new Set<Socket>()
  const rc = (text: string): void => {
    at.write(`${project}/rc.new`, `version: 1\n${text}`)
    renameSync(`${project}/rc.new`, `${project}/.agentboxrc`)
  }
  const inside = (script: string) => obey(at, project, script)
  const events = () => readJournal(`${stateOf(at)}/log/${box.id}.jsonl`)
  const effects = (): string[] => events().flatMap((one) => (one.kind === 'policy' ? [one.effect] : []))
  const says = async (text: string): Promise<void> => {
    const said = await eventually(() => effects().some((effect) => effect.includes(text)), LIMIT)
    expect(said ? text : effects()).toBe(text)
  }
  const seen = async (path: string, what: string): Promise<void> => {
    await eventually(() => box.sees(`${project}/${path}`) === what, LIMIT)
    expect(box.sees(`${project}/${path}`)).toBe(what)
  }
  const becomes = async (file: string, what: string): Promise<void> => {
    const now = (): string =>
      existsSync(`${project}/${file}`) ? readFileSync(`${project}/${file}`, 'utf8') : ''
    await eventually(() => now() === what, LIMIT)
    expect(now()).toBe(what)
  }
  /** A worktree's administration that gives git another config. */
  const inGit = '.git/worktrees/strange'
  const plant = (place: string) =>
    inside(
      place.startsWith('.git')
        ? `mkdir -p ${place} && echo /tmp > ${place}/commondir`
        : `mkdir -p ${place.replace(/\/.*/, '')} && echo evil > ${place}`,
    )
  const happens = async (kind: 'reported' | 'quarantined', place: string): Promise<void> => {
    const wanted = expect.objectContaining({ kind, path: `${project}/${place}` })
    const has = (): boolean => events().some((one) => one.kind === kind && one.path === `${project}/${place}`)
    await eventually(has, LIMIT)
    expect(events()).toContainEqual(wanted)
  }
  const open = (file: string) => inside(`${at.node} tunnel.cjs ${port} ${file} > /dev/null 2>&1 &`)

  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as { port: number }).port
    at = makeHome(who)
    project = `${at.home}/work/project`
    at.write(`${project}/notes.txt`, 'notes\n')
    at.write(`${project}/infra/prod/key`, 'prod\n')
    at.write(`${project}/plain`, 'plain\n')
    at.write(`${project}/kept/file`, 'kept\n')
    at.write(`${project}/shown.pem`, 'PEM\n')
    at.write(`${at.home}/reference/page`, 'page\n')
    at.write(`${project}/tunnel.cjs`, tunnel)
    at.write(
      `${at.home}/.config/agentbox/config.yaml`,
      'version: 1\nenv: {pass: [MINE]}\nmasks: {except: [shown.pem]}\nfilesystem: {read: [~/reference]}\n' +
        'protect: {absent: report}\n',
    )
    rc(`network: {allow: ["127.0.0.1:${port}"]}\n`)
    await at.must(['git', 'init', '-q', '-b', 'main', project])
    await at.must([at.node, at.agentbox, 'allow', '--yes'], { cwd: project })
    ;[box] = (await startBoxes(at, project, 1, obedient)) as [Box]
  })
  afterAll(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    at.remove()
  })

  it('begins with everything open', async () => {
    await open('first')
    await becomes('first', 'open')
    expect(box.sees(`${project}/notes.txt`)).toBe('notes\n')
    expect(box.sees(`${project}/shown.pem`)).toBe('PEM\n')
    expect(box.sees(`${at.home}/reference/page`)).toBe('page\n')
  })

  it('leaves what is planted, and tells', async () => {
    for (const place of [inGit, 'sub/.envrc']) await plant(place)
    for (const place of [inGit, 'sub/.envrc']) await happens('reported', place)
  })

  it('masks, hides and protects what stands there', async () => {
    rc(
      `network: {allow: ["127.0.0.1:${port}"]}\nmasks: {patterns: [notes.txt, "*.x"]}\n` +
        'filesystem: {hide: [infra/prod, later], readonly: [plain, kept]}\n',
    )
    await seen('notes.txt', '')
    await seen('infra/prod', '')
    await says('takes effect at the next launch: filesystem.readonly kept')
    expect(await inside('echo evil > plain; echo evil > .agentboxrc')).toMatch(/Read-only.*\n.*Read-only/)
    expect(readFileSync(`${project}/plain`, 'utf8')).toBe('plain\n')
    expect(events()).toContainEqual(
      expect.objectContaining({ kind: 'masked', path: `${project}/notes.txt`, how: 'policy' }),
    )
    // The list follows when a burst of changes is over.
    const masksText = () => at.must([at.node, at.agentbox, 'masks', '--json'], { cwd: project })
    const end = Date.now() + LIMIT
    let list = await masksText()
    while (!list.includes('"fresh"') && Date.now() < end) list = await masksText()
    expect(JSON.parse(list)).toMatchObject({ stored: { state: 'fresh' } })
  })

  it('goes on doing so with what comes later', async () => {
    rmSync(`${project}/infra`, { recursive: true })
    at.write(`${project}/infra/prod/key`, 'prod again\n')
    at.write(`${project}/later/key`, 'later\n')
    at.write(`${project}/new.x`, 'secret\n')
    for (const path of ['infra/prod', 'later', 'new.x']) await seen(path, '')
  })

  it('ends what leads to hosts that are refused now', async () => {
    await open('second')
    await becomes('second', 'open')
    rc(`network: {allow: ["127.0.0.1:${port}"], deny: ["127.0.0.1"]}\n`)
    await becomes('first', 'closed')
    await becomes('second', 'closed')
    await open('third')
    await becomes('third', 'refused')
  })

  it('only tells what is wider, and does not go back', async () => {
    rc(`network: {allow: ["127.0.0.1:${port}", other.example]}\n`)
    await at.must([at.node, at.agentbox, 'allow', '--yes'], { cwd: project })
    await says('applies from the next launch on: network.allow other.example')
    await says('without network.deny 127.0.0.1')
    await open('fourth')
    await becomes('fourth', 'refused')
    at.write(`${project}/newer.x`, 'secret\n')
    await seen('newer.x', '')
  })

  it("follows the user's own file", async () => {
    at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\n')
    await says('takes effect at the next launch: without env.pass MINE')
    await seen('shown.pem', '')
    await eventually(() => box.sees(`${at.home}/reference`) === '', LIMIT)
    expect(box.sees(`${at.home}/reference`)).toBe('')
  })

  it('moves away what is planted from then on, and what has been told of in .git', async () => {
    for (const place of ['sub2/.envrc', `${inGit}-2`]) await plant(place)
    for (const place of ['sub2/.envrc', `${inGit}-2`, inGit]) await happens('quarantined', place)
  })

  it('follows approvals that are taken back', async () => {
    await at.must([at.node, at.agentbox, 'deny'], { cwd: project })
    await says(`without network.allow 127.0.0.1:${port}`)
  })

  it.each<[string, () => void, string]>([
    ['no policy', () => rc('network: {allow: 7}\n'), 'cannot be used: network.allow'],
    ['a bomb', () => rc(`a: &a [1]\nb: [${'*a, '.repeat(50_000)}]\n`), 'cannot be used'],
    ['too much', () => rc(`# ${'x'.repeat(300_000)}\n`), 'larger than 256 KiB'],
    [
      'a link',
      () => {
        unlinkSync(`${project}/.agentboxrc`)
        symlinkSync('/etc/passwd', `${project}/.agentboxrc`)
      },
      'is a symbolic link',
    ],
  ])('keeps what it has when the file becomes %s', async (_what, change, problem) => {
    change()
    await says(problem)
    expect(effects().at(-1)).toContain('this box keeps the policy that it has')
    rmSync(`${project}/other.x`, { force: true })
    at.write(`${project}/other.x`, 'secret\n')
    await seen('other.x', '')
  })

  it('outlives a file that is rewritten without end, and one that is gone', async () => {
    for (let round = 0; round < 300; round++) rc(`masks: {patterns: [round-${round}]}\n`)
    await says('masks.patterns round-299')
    unlinkSync(`${project}/.agentboxrc`)
    await says('wider, applies from the next launch on: without masks.patterns round-')
    at.write(`${project}/round-299`, 'secret\n')
    await seen('round-299', '')
  })

  it('looks at everything again after a checkout, and tells of hooks', async () => {
    await at.must(['git', 'checkout', '-q', '-b', 'side'], { cwd: project })
    const head = expect.objectContaining({ kind: 'checkout', head: 'ref: refs/heads/side' })
    await eventually(() => events().some(({ kind }) => kind === 'checkout'), LIMIT)
    expect(events()).toContainEqual(head)
    at.write(`${project}/.git/hooks/pre-commit`, '#!/bin/sh\n', 0o755)
    await says('git hook changed while the box ran, from outside of it')
  })

  it('says it all at the end', async () => {
    const { stderr } = await box.end()
    expect(stderr).toContain('stricter, in this box at once')
    expect(stderr).toContain('takes effect at the next launch')
    expect(stderr).toContain('wider, applies from the next launch on')
  })
})
