// What processes, descriptors and variables give away, and a sweep over all that can be read.
import fs from 'node:fs'
import { all, blind, failed, pass, read, refused, unreadable, world } from './lib.mjs'

export function processes() {
  return [
    ['variables', variables],
    ['own-environ', () => unreadable(() => read('/proc/self/environ'))],
    ['init-environ', () => unreadable(() => read('/proc/1/environ'))],
    ['init-memory', () => memoryOf(1)],
    ['descriptors', () => descriptorsOf('self')],
    ['init-descriptors', () => descriptorsOf(1)],
    ['all-processes', allProcesses],
    ['host-process', hostProcess],
    ['sweep', sweep],
  ]
}

function variables() {
  const passed = world.variables.filter((name) => name in process.env)
  return passed.length > 0 ? failed(passed.join(' ')) : blind(JSON.stringify(process.env))
}

const pids = () => fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))

function allProcesses() {
  const results = pids().flatMap((pid) => [
    ...['environ', 'cmdline', 'comm', 'stat', 'maps', 'mountinfo'].map((file) =>
      unreadable(() => read(`/proc/${pid}/${file}`)),
    ),
    ...['root', 'cwd'].map((link) =>
      unreadable(() => read(`/proc/${pid}/${link}${world.home}/.ssh/id_ed25519`)),
    ),
    descriptorsOf(pid),
  ])
  return all(results)
}

/** Only the standard three may come from outside, and none may lead to a file or directory of the host. */
function descriptorsOf(pid) {
  let names
  try {
    names = fs.readdirSync(`/proc/${pid}/fd`)
  } catch (error) {
    return pass(error.code)
  }
  // Reading a pipe would take the probe's own output away from who reads it.
  const results = names.flatMap((name) =>
    isFile(`/proc/${pid}/fd/${name}`)
      ? [
          unreadable(() => read(`/proc/${pid}/fd/${name}`)),
          unreadable(() => read(`/proc/${pid}/fd/${name}/.ssh/id_ed25519`)),
        ]
      : [],
  )
  return results.length === 0 ? pass('none') : all(results)
}

function isFile(link) {
  try {
    return fs.readlinkSync(link).startsWith('/')
  } catch {
    return false
  }
}

function memoryOf(pid) {
  let fd
  let maps
  try {
    fd = fs.openSync(`/proc/${pid}/mem`)
    maps = fs.readFileSync(`/proc/${pid}/maps`, 'latin1')
  } catch (error) {
    return pass(error.code)
  }
  const results = [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) r/gm)].map(([, from, to]) =>
    unreadable(() => {
      const start = BigInt(`0x${from}`)
      const size = Math.min(Number(BigInt(`0x${to}`) - start), 4 << 20)
      const buffer = Buffer.alloc(size)
      return buffer.subarray(0, fs.readSync(fd, buffer, 0, size, start))
    }),
  )
  fs.closeSync(fd)
  return all(results)
}

/** One of the host's, by its number and by its command line. */
function hostProcess() {
  const byNumber = refused(() => process.kill(world.hostPid, 0))
  const seen = pids().some((pid) => {
    try {
      return read(`/proc/${pid}/cmdline`).includes(world.hostMark)
    } catch {
      return false
    }
  })
  return seen ? failed('its command line can be read') : byNumber
}

/** Reads everything there is, but for the system's own files; for ways that nobody thought of. */
function sweep() {
  const stack = ['/']
  let files = 0
  for (let dir = stack.pop(); dir !== undefined; dir = stack.pop()) {
    for (const [path, entry] of listed(Buffer.from(dir, 'latin1'))) {
      if (entry.isDirectory() && !SYSTEM.test(path)) stack.push(path)
      if (!entry.isFile() || files++ > 20_000) continue
      const result = unreadable(() => read(Buffer.from(path, 'latin1')))
      if (result.verdict === 'FAIL') return failed(`${path} ${result.detail}`)
    }
  }
  return pass(`${files} files`)
}

const SYSTEM = /^\/(usr|bin|sbin|lib\w*|proc|sys|nix|gnu|dev)$|\/\.nvm$/

function listed(dir) {
  try {
    const entries = fs.readdirSync(dir, { withFileTypes: true, encoding: 'latin1' })
    const base = dir.toString('latin1').replace(/\/$/, '')
    return entries.map((entry) => [`${base}/${entry.name}`, entry])
  } catch {
    return []
  }
}
