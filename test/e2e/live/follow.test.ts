import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readJournal } from '../../../src/session/journal.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { freePort } from '../../support/ports.ts'
import { killIfThere } from '../../support/processes.ts'
import { eventually, start, type Running } from '../../support/spawn.ts'
import { as } from '../../support/who.ts'
import { boxOf, inside, obedient, stateOf, type Box } from './boxes.ts'

/** Milliseconds, on a machine that does much else. */
const LIMIT = 30_000

/** Keeps a connection to the port $1; what becomes of it is in the file $2. */
const client = `
const { connect } = require('node:net'), { writeFileSync } = require('node:fs')
const [, , port, file] = process.argv
let had = false
connect(port, '127.0.0.1')
  .on('data', () => writeFileSync(file, ((had = true), 'open')))
  .on('error', () => {})
  .on('close', () => writeFileSync(file, had ? 'closed' : 'refused'))
`
/** Greets whoever comes to the port $1. */
const server = `require('node:net').createServer((socket) => socket.on('error', () => {}).write('hello')).listen(process.argv[2], '127.0.0.1')`

let at: TestHome
let project: string
let box: Box
let policies: () => { effect: string; at: number }[]

const own = (text: string): void => at.write(`${at.home}/.config/agentbox/config.yaml`, `version: 1\n${text}`)
const says = async (text: string): Promise<void> => {
  const effects = (): string[] => policies().map(({ effect }) => effect)
  const said = await eventually(() => effects().some((effect) => effect.includes(text)), LIMIT)
  expect(said ? text : effects()).toBe(text)
}
const begin = async (running: Running): Promise<void> => {
  box = await boxOf(at, running)
  const file = `${stateOf(at)}/log/${box.id}.jsonl`
  policies = () => readJournal(file).flatMap((one) => (one.kind === 'policy' ? [one] : []))
}
const world = async (): Promise<void> => {
  at = makeHome('user')
  project = `${at.home}/work/project`
  at.write(`${project}/notes.txt`, 'notes\n')
  at.write(`${project}/prod/key`, 'key\n')
  await at.must(['git', 'init', '-q', project])
}
const end = async (): Promise<void> => {
  await box.end()
  at.remove()
}

describe('ways out of a box that runs', () => {
  const sockets = new Set<Socket>()
  let host: Server
  let agent: Running
  let port: number
  let exposed: number
  const becomes = async (file: string, what: string): Promise<void> => {
    await eventually(() => box.sees(`${project}/${file}`) === what, LIMIT)
    expect(box.sees(`${project}/${file}`)).toBe(what)
  }
  const open = (file: string) =>
    inside(at, project, `${at.node} client.cjs ${port} ${file} > /dev/null 2>&1 &`)
  /** What somebody on this machine gets who goes to the port that the box exposes. */
  const visit = async (): Promise<string> => {
    let what = ''
    const socket = connect(exposed, '127.0.0.1')
    socket.on('data', (data) => (what = String(data)))
    socket.on('error', ({ message }) => (what = message)).on('close', () => (what ||= 'closed'))
    await eventually(() => what !== '', LIMIT)
    sockets.add(socket)
    return what
  }

  beforeAll(async () => {
    await world()
    host = createServer((socket) => {
      sockets.add(socket.on('error', () => {}))
      socket.write('hello')
    })
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
    port = (host.address() as AddressInfo).port
    exposed = await freePort()
    at.write(`${project}/client.cjs`, client)
    at.write(`${project}/server.cjs`, server)
    const SSH_AUTH_SOCK = `${at.home}/agent.sock`
    agent = start({
      argv: as('user', ['ssh-agent', '-D', '-a', SSH_AUTH_SOCK]),
      cwd: at.home,
      env: at.env,
      limit: 300_000,
    })
    await agent.says(SSH_AUTH_SOCK)
    own(`ssh: agent\nnetwork: {ports: [${port}], expose: [${exposed}]}\n`)
    const env = { SSH_AUTH_SOCK }
    await begin(at.launch(['run', '--', 'sh', '-c', obedient], { cwd: project, env, limit: 300_000 }))
    await inside(at, project, `${at.node} server.cjs ${exposed} > /dev/null 2>&1 &`)
  })
  afterAll(async () => {
    for (const socket of sockets) socket.destroy()
    host.close()
    killIfThere(agent.pid)
    await end()
  })

  it('are there at first', async () => {
    await open('first')
    await becomes('first', 'open')
    await expect.poll(visit, { timeout: LIMIT }).toBe('hello')
    expect(await inside(at, project, 'ssh-add -l')).toContain('no identities')
  })

  it.each<[string, () => string, string, () => Promise<void>]>([
    [
      'the ssh agent',
      () => `network: {ports: [${port}], expose: [${exposed}]}`,
      'without ssh agent',
      async () => expect(await inside(at, project, 'ssh-add -l')).toContain('Error connecting'),
    ],
    [
      'a port of the machine, with what came through it',
      () => `network: {expose: [${exposed}]}`,
      'without network.ports ',
      async () => {
        await becomes('first', 'closed')
        await open('second')
        await becomes('second', 'refused')
      },
    ],
    [
      'a port of the box',
      () => 'network: {}',
      'without network.expose ',
      async () => expect(await visit()).toContain('ECONNREFUSED'),
    ],
  ])('%s: gone when the policy has none any more, and not before', async (_what, policy, words, isGone) => {
    if (words.includes('expose')) expect(await visit()).toBe('hello')
    own(`${policy()}\n`)
    await says(`stricter, in this box at once: ${words}`)
    await isGone()
  })

  it('are not had back, nor any other one, before the next launch', async () => {
    own(`ssh: agent\nnetwork: {ports: [${port}], expose: [${exposed}]}\n`)
    for (const words of ['ssh agent', `network.ports ${port}`, `network.expose ${exposed}`])
      expect(await eventually(() => policies().some(({ effect }) => isWider(effect, words)), LIMIT)).toBe(
        true,
      )
    expect(await inside(at, project, 'ssh-add -l')).toContain('Error connecting')
    await open('third')
    await becomes('third', 'refused')
    expect(await visit()).toContain('ECONNREFUSED')
  })
  const isWider = (effect: string, words: string): boolean =>
    effect.startsWith('wider, applies from the next launch on: ') && effect.includes(words)
})

// Nothing leads agentbox to another file, so it is given another /etc, as in `trust/system.test.ts`.
describe("the administrator's file while a box runs", () => {
  const put = async (text: string, mode = '644'): Promise<void> => {
    at.write(`${at.base}/system.yaml`, `version: 1\n${text}`)
    const [from, to] = [`${at.base}/system.yaml`, `${at.base}/etc/agentbox/config.yaml`]
    const script = 'install -m "$1" "$2" "$3.new" && mv "$3.new" "$3"'
    expect((await at.root(['sh', '-c', script, 'sh', mode, from, to])).status).toBe(0)
  }
  beforeAll(async () => {
    await world()
    await at.root(['cp', '-a', '/etc', `${at.base}/etc`])
    await at.root(['mkdir', '-p', `${at.base}/etc/agentbox`])
    await put('network: {mode: allow}\n')
    const script = 'mount --bind "$1" /etc && cd "$2" && shift 2 && exec "$@"'
    const command = as('user', [at.node, at.agentbox, 'run', '--', 'sh', '-c', obedient])
    const outer = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh', `${at.base}/etc`]
    const argv = as('root', [...outer, project, ...command])
    await begin(start({ argv, cwd: '/', env: at.env, limit: 300_000 }))
  })
  afterAll(end)

  it('holds in it at once where it has become stricter', async () => {
    expect(box.sees(`${project}/prod`)).toBe('key')
    await put(
      'network: {mode: none}\nfilesystem: {hide: [prod]}\nmasks: {patterns: [notes.txt]}\nlimits: {memory: 1G}\n',
    )
    await says('takes effect at the next launch: limits.memory')
    await says('without network.mode allow')
    await eventually(
      () => box.sees(`${project}/prod`) === '' && box.sees(`${project}/notes.txt`) === '',
      LIMIT,
    )
    expect([box.sees(`${project}/prod`), box.sees(`${project}/notes.txt`)]).toEqual(['', ''])
  })

  it('changes nothing when others could have written it', async () => {
    await put('masks: {patterns: [other.txt]}\n', '666')
    await says('can be written by others than root; this box keeps the policy that it has')
    at.write(`${project}/new/notes.txt`, 'notes\n')
    await eventually(() => box.sees(`${project}/new/notes.txt`) === '', LIMIT)
    expect(box.sees(`${project}/new/notes.txt`)).toBe('')
  })

  it('gives nothing back', async () => {
    await put('')
    await says('wider, applies from the next launch on: ')
    expect([box.sees(`${project}/prod`), box.sees(`${project}/notes.txt`)]).toEqual(['', ''])
  })
})
