// The proxy: what a transfer and a request cost through it, next to a direct one and to sandbox-runtime's chain of
// two socats; what `allow` adds to a launch.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { cacheDir, capture, root, say } from '../../scripts/lib/tools.mjs'
import { ms, program, signed, times } from './rows.mjs'

const agentbox = path.join(root, 'dist/agentbox.cjs')
const client = path.join(root, 'bench/network/client.mjs')
const RUNTIME = '@anthropic-ai/sandbox-runtime@0.0.78'

export const network = {
  name: 'network',
  programs: (world) =>
    ['none', 'allow'].map((mode) =>
      program(world, `network ${mode}`, [process.execPath, agentbox, 'run', '--network', mode, '--', 'true']),
    ),
  async rows(world, at) {
    const { server, port } = await farEnd()
    try {
      const ways = [direct, boxed, runtime].flatMap((way) => way(world, port) ?? [])
      const figures = {}
      for (const way of ways) figures[way.name] = await measured(way, port)
      return [...launchRows(at), ...rowsOf(figures)]
    } finally {
      server.kill()
    }
  },
}

function launchRows(at) {
  const added = at('network allow').ms - at('network none').ms
  const node = at(`node ${process.versions.node.split('.')[0]} -e 0`).ms
  return [
    ms('allow: launch, over none', added, {
      against: `node -e 0: ${node.toFixed(0)} ms`,
      aim: '≤ node',
      ok: added <= node,
    }),
  ]
}

function rowsOf({ direct: plain, agentbox: own, runtime: other }) {
  const rate = (text, { mbPerSecond }, extra = {}) => ({ text, unit: 'MB/s', value: mbPerSecond, ...extra })
  const share = own.throughput.mbPerSecond / plain.throughput.mbPerSecond
  const added = own.latency.fresh - plain.latency.fresh
  const beside = (text, key) =>
    other === undefined
      ? []
      : [ms(text, other.latency[key], { against: `${signed(other.latency[key] - plain.latency[key])} ms` })]
  return [
    rate('1 GB, direct', plain.throughput),
    rate('1 GB, through the proxy', own.throughput, {
      against: `${Math.round(share * 100)} % of direct`,
      aim: '≥ 50 %',
      ok: share >= 0.5,
    }),
    ...(other === undefined ? [] : [rate('1 GB, sandbox-runtime', other.throughput)]),
    ms('request, own connection, direct', plain.latency.fresh),
    ms('request, own tunnel', own.latency.fresh, {
      against: `${signed(added)} ms`,
      aim: '≤ +1 ms',
      ok: added <= 1,
    }),
    ...beside('request, own tunnel, s.-runtime', 'fresh'),
    ms('request in one connection, direct', plain.latency.kept),
    ms('request in one tunnel', own.latency.kept, {
      against: `${signed(own.latency.kept - plain.latency.kept)} ms`,
    }),
    ...beside('request in one tunnel, s.-runtime', 'kept'),
    ms('500 tunnels of 1 MB at once', own.tunnels.ms, {
      ...times(own.tunnels.ms / plain.tunnels.ms, 'direct'),
      ok: own.tunnels.complete === 500,
    }),
    {
      text: 'supervisor, most memory then',
      unit: 'MB',
      value: own.peakKb / 1024,
      aim: '≤ 250 MB',
      ok: own.peakKb <= 250 * 1024,
    },
  ]
}

function farEnd() {
  const server = spawn(process.execPath, [path.join(root, 'bench/network/server.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve) => {
    server.stdout.once('data', (text) => resolve({ server, port: Number(text) }))
  })
}

async function measured({ argv, cwd, env, tasks = ['throughput', 'latency', 'tunnels'] }, port) {
  const figures = { peakKb: 0 }
  for (const what of tasks) {
    const [command, ...rest] = argv([client, what, String(port)])
    const child = spawn(command, rest, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
    const peak = setInterval(() => (figures.peakKb = Math.max(figures.peakKb, memoryOf(child.pid))), 20)
    let text = ''
    child.stdout.on('data', (chunk) => (text += chunk))
    await new Promise((resolve) => child.once('close', resolve))
    clearInterval(peak)
    figures[what] = JSON.parse(text.trim().split('\n').at(-1))
  }
  return figures
}

function memoryOf(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

const clean = ({ home }) => ({ HOME: home, PATH: '/usr/local/bin:/usr/bin:/bin', TERM: 'dumb' })

function direct(world) {
  return {
    name: 'direct',
    argv: (rest) => [process.execPath, ...rest],
    cwd: world.repository,
    env: clean(world),
  }
}

function boxed(world, port) {
  const files = `${world.repository}/bench-client.mjs`
  fs.copyFileSync(client, files)
  const options = ['run', '--allow', `127.0.0.2:${port}`, '--', 'node']
  return {
    name: 'agentbox',
    argv: ([, ...rest]) => [process.execPath, agentbox, ...options, files, ...rest],
    cwd: world.repository,
    env: clean(world),
  }
}

/** From npm into the cache, once. Undefined where it cannot run. */
function runtime(world, port) {
  const dir = cacheDir('sandbox-runtime')
  const command = path.join(dir, 'node_modules/.bin/srt')
  if (!fs.existsSync(command)) {
    say(`bench: fetching ${RUNTIME} from npm (once) …`)
    capture('npm', ['install', '--prefix', dir, '--no-audit', '--no-fund', RUNTIME], { cwd: dir })
  }
  const settings = path.join(world.dir, 'srt.json')
  const place = `127.0.0.2:${port}`
  fs.writeFileSync(
    settings,
    JSON.stringify({
      network: { allowedDomains: [place], deniedDomains: [] },
      filesystem: { denyRead: [], allowWrite: [world.repository], denyWrite: [] },
    }),
  )
  const argv = (rest) => [command, '--settings', settings, process.execPath, ...rest]
  const options = { cwd: world.repository, env: clean(world) }
  const [file, ...args] = argv([client, 'nothing', '0'])
  const tried = capture(file, args, options)
  // Its chain starts two processes for each connection; 500 at once end in resets.
  if (tried.status === 0) return { name: 'runtime', argv, ...options, tasks: ['throughput', 'latency'] }
  say(
    `bench: sandbox-runtime does not run here (it needs socat and ripgrep): ${tried.stderr.trim().split('\n')[0]}`,
  )
  return undefined
}
