// A user's home with the agent's settings, agentbox installed and bash activated; and what changed in it.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { capture, Stop } from '../../../scripts/lib/tools.mjs'
import { makeWorld } from '../../../scripts/lib/world.mjs'

/** Reaching the fake API on loopback: the host's network, by the user's own configuration. */
const hostNetwork = 'version: 1\nnetwork: {mode: host}\n'

export function makeAgentWorld(dir, options) {
  const {
    agent,
    user,
    layOut,
    bin,
    url,
    config = hostNetwork,
    env: more = {},
    injected = false,
    vendor = false,
  } = options
  const world = makeWorld(dir)
  const files = {
    ...agent.home({ url, project: world.repository, injected }),
    ...(vendor ? agent.login.home : {}),
  }
  write(world.home, { ...files, '.config/agentbox/config.yaml': config, '.bashrc': '' })
  const layout = layOut(dir, user, bin)
  const own = vendor ? agent.login.env : agent.env({ url, injected })
  const env = { ...world.env, ...own, ...more, SHELL: '/bin/bash', PATH: layout.path }
  const as = (argv) => [...user.prefix, ...argv]
  const done = capture(...split(as(['agentbox', 'activate', 'bash', '--write'])), { cwd: world.home, env })
  if (done.status !== 0) throw new Stop(`e2e: activate: ${done.stderr}`)
  return { ...world, dir, user, agent, env, url, injected, vendor, as }
}

const split = ([command, ...args]) => [command, args]

/** Files of the user's own, by their path in the home. */
export function write(home, files, user = {}) {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(home, name)
    const made = fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text)
    if (user.uid === undefined) continue
    if (made !== undefined) capture('chown', ['-R', `${user.uid}:${user.gid}`, made])
    fs.chownSync(file, user.uid, user.gid)
  }
}

/** The argv that starts the agent from an activated interactive shell. */
export const activated = ({ as, agent }, args) => as(['bash', '-i', '-c', '"$0" "$@"', agent.name, ...args])

/** The argv that starts the agent itself. */
export const bare = ({ as, agent }, args) => as([agent.name, ...args])

/**
 * Everything in the home but the project and agentbox's own state, by content. Logs in that are kept equal may
 * be refreshed, so they are left out.
 */
export function snapshot({ home, repository, agent }) {
  const skipped = new Set([
    repository,
    path.join(home, '.local/state/agentbox'),
    path.join(home, '.local/share/agentbox'),
    path.join(home, '.cache/agentbox'),
    ...(agent.login === undefined ? [] : [path.join(home, agent.login.path)]),
  ])
  const found = {}
  const visit = (dir) => {
    for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
      const place = path.join(dir, entry.name)
      if (skipped.has(place)) continue
      if (entry.isDirectory()) visit(place)
      else found[place] = entry.isFile() ? digest(fs.readFileSync(place)) : 'special'
    }
  }
  visit(home)
  return found
}

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** Paths that differ. */
export function changes(before, after) {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (place) => before[place] !== after[place],
  )
}
