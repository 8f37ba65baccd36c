import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, constants, copyFileSync, lstatSync, mkdtempSync, openSync } from 'node:fs'
import { readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestHome } from '../support/home.ts'
import { start, type Running } from '../support/spawn.ts'
import { as } from '../support/who.ts'
import type { Place, Secrets } from './secrets.ts'

const sources = join(import.meta.dirname, 'probes')
let programs: string | undefined

/** The probes with their C programs compiled, in a directory that `removePrograms` removes. */
export function compilePrograms(): string {
  if (programs !== undefined) return programs
  const dir = mkdtempSync(join(tmpdir(), 'agentbox-probes-'))
  chmodSync(dir, 0o755)
  for (const name of ['calls', 'ipc', 'host']) {
    const args = [
      '-Wall',
      '-Wextra',
      '-Werror',
      '-O1',
      '-o',
      join(dir, name),
      join(sources, `${name}.c`),
      '-lrt',
    ]
    const done = spawnSync('cc', args, { encoding: 'utf8' })
    if (done.status !== 0) throw new Error(done.stderr)
  }
  for (const name of readdirSync(sources).filter((file) => file.endsWith('.mjs'))) {
    copyFileSync(join(sources, name), join(dir, name))
  }
  programs = dir
  return dir
}

export function removePrograms(): void {
  if (programs !== undefined) rmSync(programs, { recursive: true, force: true })
  programs = undefined
}

/** What the host has beside files: a process, IPC objects, sockets, pipes with something in them. */
export interface HostSide {
  places: Place[]
  pid: number
  /** In the command line of the process. */
  mark: string
  handle: string
  ipc: { key: string; queue: string; serial: string }
  /** Whether this kernel has keyrings. */
  keyrings: boolean
  /** Whether Landlock can close abstract sockets where the network is shared (Linux 6.12). */
  scopes: boolean
  /** Descriptors that a careless launcher would let in: a file with a secret, the home. */
  fds: number[]
  /** Puts the secrets back into what reading empties. */
  refill(): void
  stop(): Promise<void>
}

export async function openHostSide(home: TestHome, place: string, secrets: Secrets): Promise<HostSide> {
  const id = randomBytes(6).toString('hex')
  const ipc = { key: `0x${id.slice(0, 7)}`, queue: `/abx-${id}` }
  const keeper = start({
    argv: as(home.who, [join(compilePrograms(), 'host'), ipc.key, ipc.queue, `${place}/.env`]),
    cwd: '/',
    env: { SECRET: secrets.make('host-process') },
    limit: 170_000,
  })
  let said = ''
  keeper.child.stdout!.on('data', (text: string) => (said += text))
  await keeper.says('ready')
  const value = (name: string): string => new RegExp(`^${name} (.+)$`, 'm').exec(said)![1]!
  const closers: (() => void)[] = []
  const places = [
    ...temporaryFiles(home, id, secrets, closers),
    ...(await sockets(home, place, id, secrets, closers)),
  ]
  const pipe = openPipe(home, place, secrets, places, closers)
  return {
    places,
    pid: keeper.pid,
    mark: ipc.queue,
    handle: value('handle'),
    ipc: { ...ipc, serial: value('serial') },
    keyrings: Number(value('serial')) > 0,
    scopes: Number(value('landlock')) >= 6,
    fds: openFds(home, secrets, closers),
    refill: pipe,
    stop: () => stop(keeper, closers),
  }
}

async function stop(keeper: Running, closers: readonly (() => void)[]): Promise<void> {
  for (const close of closers) close()
  keeper.child.kill('SIGTERM')
  await keeper.ended
}

/** In directories that the host shares with everybody. */
function temporaryFiles(home: TestHome, id: string, secrets: Secrets, closers: (() => void)[]): Place[] {
  const files = ['/tmp', '/var/tmp', '/dev/shm', '/run'].map((dir): Place => {
    const path = `${dir}/abx-test-${id}`
    writeFileSync(path, secrets.make(dir), { mode: 0o644, flag: 'wx' })
    closers.push(() => rmSync(path, { force: true }))
    return { name: `host:${dir}`, path, how: 'absent' }
  })
  const neighbour = `${home.base}/neighbour`
  home.write(`${home.base}/neighbour-of.${id}`, secrets.make('neighbour'))
  const system = [
    '/etc/shadow',
    // The box has one file of its own beside these.
    ...['moduli', 'sshd_config', 'ssh_config.d', 'ssh_host_ed25519_key', 'ssh_host_rsa_key'].map(
      (name) => `/etc/ssh/${name}`,
    ),
    '/etc/ssl/private',
    '/root',
    '/boot',
    '/var/log',
    '/var/lib/dpkg',
  ]
  return [
    ...files,
    { name: 'host:neighbour', path: `${neighbour}-of.${id}`, how: 'absent' },
    ...system
      .filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      .map((path): Place => ({ name: `host:${path}`, path, how: 'absent' })),
  ]
}

async function sockets(
  home: TestHome,
  place: string,
  id: string,
  secrets: Secrets,
  closers: (() => void)[],
): Promise<Place[]> {
  home.dir(`${home.home}/.ssh`)
  home.dir(`${place}/sock`)
  const paths = {
    'socket:docker': `${home.home}/.docker.sock`,
    'socket:ssh-agent': `${home.home}/.ssh/agent.sock`,
    'socket:run': `/run/abx-test-${id}.sock`,
    'socket:project': `${place}/sock/.env`,
    'socket:abstract': `\0abx-test-${id}`,
  }
  const out: Place[] = []
  for (const [name, path] of Object.entries(paths)) {
    await listen({ path }, secrets.make(name), closers)
    if (!path.startsWith('\0')) chmodSync(path, 0o777)
    out.push({ name, path, how: 'connect' })
  }
  const port = await listen({ host: '127.0.0.1', port: 0 }, secrets.make('loopback'), closers)
  return [...out, { name: 'socket:loopback', path: String(port), how: 'tcp' }]
}

/** Tells its secret to whoever connects. Returns the port, if it has one. */
function listen(options: net.ListenOptions, secret: string, closers: (() => void)[]): Promise<number> {
  const server = net.createServer((socket) => socket.on('error', () => {}).end(secret))
  closers.push(() => void server.close())
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

/** A FIFO under a masked name with a secret in it; a reader takes it out. */
function openPipe(
  home: TestHome,
  place: string,
  secrets: Secrets,
  places: Place[],
  closers: (() => void)[],
): () => void {
  const path = `${place}/fifo/.env`
  home.dir(`${place}/fifo`)
  const made = spawnSync(...split(as(home.who, ['mkfifo', path])))
  if (made.status !== 0) throw new Error(made.stderr.toString())
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  closers.push(() => closeSync(fd))
  places.push({ name: 'project:fifo', path, how: 'read' })
  const secret = secrets.make('fifo')
  return () => void writeSync(fd, secret)
}

const split = ([command, ...args]: [string, ...string[]]): [string, string[]] => [command, args]

function openFds(home: TestHome, secrets: Secrets, closers: (() => void)[]): number[] {
  const path = `${home.base}/inherited`
  writeFileSync(path, secrets.make('descriptor'), { mode: 0o644 })
  const fds = [openSync(path, 'r'), openSync(home.home, constants.O_RDONLY | constants.O_DIRECTORY)]
  closers.push(() => fds.forEach((fd) => closeSync(fd)))
  return fds
}
