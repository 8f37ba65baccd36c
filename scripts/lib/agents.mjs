// Getting the real agents, and laying agentbox out so that any user can run it.
import fs from 'node:fs'
import path from 'node:path'
import { cacheDir, capture, isRoot, root, say, seconds, Stop, which } from './tools.mjs'

const versions = JSON.parse(fs.readFileSync(path.join(root, 'test/e2e/agents/versions.json'), 'utf8'))

/** Installs the pinned versions (several hundred MB, once) and returns the directory of their commands. */
export function installAgents(agents) {
  // Root's own cache is out of reach for the ordinary user who is to run them too.
  const dir = isRoot ? '/var/cache/agentbox-dev/agents' : cacheDir('agents')
  fs.mkdirSync(dir, { recursive: true, mode: 0o755 })
  const missing = agents.filter((agent) => installed(dir, agent.package) !== versions[agent.package])
  if (missing.length > 0) {
    const start = Date.now()
    const wanted = agents.map((agent) => `${agent.package}@${versions[agent.package]}`)
    say(`e2e: installing ${wanted.join(' ')} …`)
    const args = ['install', '--prefix', dir, '--no-audit', '--no-fund', '--loglevel=error', ...wanted]
    const done = capture('npm', args, { cwd: dir })
    if (done.status !== 0) throw new Stop(`e2e: npm install failed\n${done.stderr}`)
    say(`e2e: installed in ${seconds(start)}`)
  }
  return path.join(dir, 'node_modules/.bin')
}

function installed(dir, name) {
  try {
    return JSON.parse(fs.readFileSync(path.join(dir, 'node_modules', name, 'package.json'), 'utf8')).version
  } catch {
    return undefined
  }
}

/** Who tries it: the caller, and for root an ordinary user as well, whom no account file knows. */
export function users() {
  if (!isRoot) return [{ name: 'user', prefix: [] }]
  const id = 12345
  const prefix = [which('setpriv'), `--reuid=${id}`, `--regid=${id}`, '--clear-groups']
  return [
    { name: 'root', prefix: [] },
    { name: 'user', prefix, uid: id, gid: id },
  ]
}

/** The pinned version. */
export const versionOf = (agent) => versions[agent.package]

/** A copy of the package that any user can run; returns a PATH with it and the agents. */
export function layOut(dir, user, agentsBin) {
  const home = path.join(dir, 'agentbox')
  for (const part of ['dist', 'shell', 'package.json'])
    fs.cpSync(path.join(root, part), path.join(home, part), { recursive: true })
  const bin = path.join(dir, 'bin')
  fs.mkdirSync(bin)
  fs.symlinkSync(path.join(home, 'dist/agentbox.cjs'), path.join(bin, 'agentbox'))
  if (user.uid !== undefined) {
    const done = capture('chown', ['-R', `${user.uid}:${user.gid}`, dir])
    if (done.status !== 0) throw new Stop(`e2e: ${done.stderr}`)
  }
  fs.chmodSync(dir, 0o755)
  return { path: [agentsBin, bin, path.dirname(process.execPath), '/usr/bin', '/bin'].join(':') }
}
