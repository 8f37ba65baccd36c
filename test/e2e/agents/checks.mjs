// What is held of every agent. A check is `{ name, needs?, run(world) }` and returns problems as text; `needs`
// says why it does not apply to an agent, if it does not.
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { capture, captureAsync, isRoot } from '../../../scripts/lib/tools.mjs'
import { curious, marker, recall, remember, remembered, seek, small, wait, work } from './prompts.mjs'
import { realKey } from './surroundings.mjs'
import { activated, bare, changes, snapshot, write } from './world.mjs'

const LIMIT = 400_000

/** One conversation; returns what the API saw of it. */
async function talk(world, args, { start = activated, env = {} } = {}) {
  const { api } = world
  const from = api.requests.length
  const before = snapshot(world)
  const [command, ...rest] = start(world, args)
  const options = { cwd: world.repository, env: { ...world.env, ...env }, timeout: LIMIT }
  const { status, output } = await captureAsync(command, rest, options)
  world.output = output
  const requests = api.requests.slice(from)
  return { status, output, requests, changed: changes(before, snapshot(world)) }
}

const ranIn = ({ requests }) =>
  requests.some(({ toolResults }) => toolResults.some((result) => result.includes(marker)))

/** What must hold of every conversation in the box. */
function common(world, done) {
  const { status, requests, changed } = done
  const unread = requests.filter(({ readable }) => !readable).length
  const leaked = world.secrets.filter((secret) => requests.some(({ text }) => text.includes(secret)))
  return [
    ...(status === 0 ? [] : [`status ${status}`]),
    ...(ranIn(done) ? [] : ['the tool did not run']),
    ...(unread === 0 ? [] : [`${unread} requests could not be decoded`]),
    ...(leaked.length === 0 ? [] : [`LEAKED ${leaked.join(', ')}`]),
    ...changed.map((place) => `the host's ${place.slice(world.home.length + 1)} changed`),
  ]
}

const argsOf = (world, prompt) => world.agent.args(prompt, world)

const secrets = {
  name: 'secrets',
  run: async (world) => common(world, await talk(world, argsOf(world, curious))),
}

/** Without the box it must leak, or the test would prove nothing. */
export const control = {
  name: 'unboxed',
  needs: (_agent, { uid }) => (uid === undefined ? undefined : 'shown once'),
  async run(world) {
    const env = world.agent.bareEnv ?? {}
    const done = await talk(world, argsOf(world, curious), { start: bare, env })
    const leaked = world.secrets.some((secret) => done.requests.some(({ text }) => text.includes(secret)))
    return leaked ? [] : ['nothing leaked without the box: the test proves nothing']
  },
}

const commit = {
  name: 'commit',
  async run(world) {
    const done = await talk(world, argsOf(world, work(world.agent.plant)))
    const options = { cwd: world.repository, env: world.env }
    const git = (...args) => capture(world.as(['git'])[0], [...world.as(['git']).slice(1), ...args], options)
    const subject = git('log', '-1', '--format=%s').stdout.trim()
    const dirty = git('status', '--porcelain').stdout.trim()
    return [
      ...common(world, done),
      ...(subject === 'by-the-agent' ? [] : [`last commit: ${subject}`]),
      ...(dirty === '' ? [] : [`git status: ${dirty}`]),
    ]
  },
}

const state = {
  name: 'state',
  async run(world) {
    const first = await talk(world, argsOf(world, remember))
    const second = await talk(world, world.agent.more(recall, world))
    const known = second.requests.some(({ text }) => text.includes(remembered))
    return [
      ...common(world, first),
      ...common(world, second),
      ...(known ? [] : ['the second run does not know the first']),
    ]
  },
}

/** The user's log-in is used inside; what is refreshed there goes to the user, what the user renews goes in. */
const login = {
  name: 'log-in',
  vendor: true,
  needs: ({ login: file }) => (file === undefined ? 'not tried' : undefined),
  async run(world) {
    const { agent, home, user } = world
    const { path: name, content, secret, renewed, refreshed, args = agent.args } = agent.login
    write(home, { [name]: content }, user)
    const env = { ...world.env }
    delete env[agent.key]
    const first = await talk({ ...world, env }, args(small, world))
    const after = fs.readFileSync(path.join(home, name), 'utf8')
    write(home, { [name]: renewed.content }, user)
    const second = await talk({ ...world, env }, args(small, world))
    const sent = ({ requests }, token) => requests.some(({ text }) => text.includes(token))
    return [
      ...common(world, first),
      ...common(world, second),
      ...(sent(first, refreshed?.access ?? secret) ? [] : ["the host's log-in was not used"]),
      ...(refreshed === undefined || after.includes(refreshed.access) ? [] : ['the host has no new token']),
      ...(sent(second, renewed.secret) ? [] : ['what the user renewed was not used']),
    ]
  },
}

/** The user's directory is where a variable says, in the home and elsewhere: settings and instructions are followed. */
const moved = {
  name: 'moved',
  async run(world) {
    const { agent, dir, home, user } = world
    const [from, beside] = agent.moves.from
    const problems = []
    let last = path.join(home, from)
    for (const base of [path.join(home, 'moved'), path.join(dir, 'elsewhere')]) {
      const place = path.join(base, agent.moves.below ?? '.')
      fs.mkdirSync(path.dirname(place), { recursive: true })
      fs.renameSync(last, place)
      if (beside !== undefined && last === path.join(home, from))
        fs.renameSync(path.join(home, beside), path.join(place, beside))
      write(base, { [path.join(agent.moves.below ?? '', agent.moves.told)]: `be ${remembered}\n` }, user)
      // That variable moves agentbox's own configuration too.
      if (agent.moves.variable === 'XDG_CONFIG_HOME')
        fs.cpSync(path.join(home, '.config/agentbox'), path.join(base, 'agentbox'), { recursive: true })
      if (user.uid !== undefined) capture('chown', ['-R', `${user.uid}:${user.gid}`, base])
      last = place
      const args = argsOf(world, small)
      const done = await talk(world, args, { env: { [agent.moves.variable]: base } })
      const told = done.requests.some(({ text }) => text.includes(remembered))
      problems.push(...common(world, done), ...(told ? [] : [`nothing of ${base} reached the model`]))
    }
    return problems
  },
}

const servers = {
  name: 'mcp add',
  needs: ({ addServer }) => (addServer === undefined ? 'it has no such command' : undefined),
  async run(world) {
    const { changed } = await talk(world, world.agent.addServer)
    return changed.map((place) => `the host's ${place.slice(world.home.length + 1)} changed`)
  },
}

const nested = {
  name: 'own sandbox',
  needs: (agent) => (agent.nested === undefined ? 'it has none' : undefined),
  async run(world) {
    const { agent, home, user } = world
    const files = Object.keys(agent.nested.home)
    const kept = Object.fromEntries(files.map((name) => [name, fs.readFileSync(path.join(home, name))]))
    write(home, agent.nested.home, user)
    try {
      return common(world, await talk(world, agent.nested.args(curious, world)))
    } finally {
      write(home, kept, user)
    }
  },
}

/** The administrator's settings are followed inside, and a sandbox of its own that they ask for stops no command. */
const managed = {
  name: 'managed',
  needs(agent, { uid }) {
    if (agent.managed === undefined) return 'not tried'
    if (agent.wantsRootsFiles && uid !== undefined) return 'it follows only files that it sees as root’s'
    return isRoot ? undefined : 'only root can have an /etc of its own'
  },
  async run(world) {
    const { agent, dir } = world
    const etc = path.join(dir, 'etc')
    capture('cp', ['-a', '/etc', etc])
    write(etc, agent.managed)
    const within = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc && exec "$@"', etc]
    const there = { ...world, as: (argv) => [...within, ...world.as(argv)] }
    const done = await talk(there, (agent.nested ?? agent).args(curious, world))
    world.output = there.output
    const followed = done.requests.some(({ path, text }) => `${path}${text}`.includes(remembered))
    return [...common(world, done), ...(followed ? [] : ['the settings are not followed'])]
  },
}

const live = {
  name: 'live',
  async run(world) {
    const { repository, user } = world
    const at = (name) => path.join(repository, name)
    const shown = ['appeared', 'replaced', 'in-a-new-directory'].map((name) => world.secret(name))
    const conversation = talk(world, argsOf(world, wait))
    const end = Date.now() + LIMIT
    while (!fs.existsSync(at('live-go')) && Date.now() < end) await delay(20)
    const kept = fs.readFileSync(at('.env'))
    write(repository, { '.env.local': shown[0], '.env.next': shown[1] }, user)
    fs.renameSync(at('.env.next'), at('.env'))
    write(repository, { 'live-dir/.env': shown[2] }, user)
    await delay(1000)
    write(repository, { 'live-done': '' }, user)
    const done = await conversation
    write(repository, { '.env': kept }, user)
    for (const name of ['live-go', 'live-done', '.env.local', 'live-dir'])
      fs.rmSync(at(name), { recursive: true, force: true })
    return common({ ...world, secrets: [...world.secrets, ...shown] }, done)
  },
}

/** The policy's own way out: the proxy, to an address of this machine that is not loopback. */
const proxied = (name, tls) => ({
  name,
  network: { tls },
  run: async (world) => common(world, await talk(world, argsOf(world, curious))),
})

/** The user's key is added outside: the API sees it, the box has it nowhere. */
const injected = {
  name: 'key',
  injected: true,
  needs: ({ credential }) => (credential === undefined ? 'not tried' : undefined),
  async run(world) {
    const env = { ...world.env }
    delete env[world.agent.key]
    const done = await talk({ ...world, env }, argsOf(world, seek(realKey)))
    const { requests } = done
    const results = requests.flatMap(({ toolResults }) => toolResults).join('\n')
    const times = requests.map(({ text }) => text.split(realKey).length - 1)
    return [
      ...common(world, done),
      ...(requests.length > 0 && times.every((count) => count === 1)
        ? []
        : [`the API saw the key ${times} times`]),
      ...(requests.some(({ text }) => text.includes('agentbox-placeholder'))
        ? ['the API saw a placeholder']
        : []),
      ...(/key in files: 0\b/.test(results) ? [] : ['the key is in the box']),
      ...(/placeholder in files: [1-9]/.test(results) ? [] : ['the search finds nothing at all']),
    ]
  },
}

export const checks = [
  secrets,
  commit,
  state,
  login,
  moved,
  servers,
  nested,
  managed,
  live,
  proxied('proxy', false),
  proxied('proxy TLS', true),
  injected,
]
