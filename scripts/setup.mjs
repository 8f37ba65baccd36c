#!/usr/bin/env node
// Installs what is missing: npm dependencies, bubblewrap, a C compiler and, for tests, shells and tools.
import fs from 'node:fs'
import path from 'node:path'
import { managers, needs } from './lib/packages.mjs'
import { capture, isMain, main, root, rootPrefix, say, seconds, Stop, which } from './lib/tools.mjs'

/** How `npm ci` names an optional package that the lock file lacks: for another platform, or without a version. */
const FOREIGN =
  /Missing: (?:\S+[^@]@|\S+-(?:android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|wasm32|win32)\S*) from lock file/

/**
 * Makes the machine ready for `run`, `build` and `test` (any of them). Throws `Stop` with what to install
 * by hand where it cannot.
 */
export function setup(purposes) {
  checkNode()
  installSystemPackages(purposes)
  if (purposes.some((purpose) => purpose !== 'build')) checkNamespaces()
  installNpmPackages()
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19))
    throw new Stop(`setup: agentbox needs Node 20.19 or newer; this is ${process.version}`)
}

function installSystemPackages(purposes) {
  const missing = missingNeeds(purposes)
  if (missing.length === 0) return
  const manager = managers.find(({ command }) => which(command) !== undefined)
  const prefix = rootPrefix()
  if (manager === undefined || prefix === undefined) throw new Stop(byHand(missing, manager))

  const start = Date.now()
  const packages = packagesFor(missing, manager)
  say(`setup: installing ${packages.join(' ')} with ${manager.command} …`)
  const failed = tryInstall(manager, prefix, packages)
  const still = missingNeeds(purposes)
  if (still.length > 0) throw new Stop(`${failed}${byHand(still, manager)}`)
  say(`setup: installed in ${seconds(start)}`)
}

function missingNeeds(purposes) {
  return Object.entries(needs)
    .filter(([name, need]) => purposes.includes(need.for) && !isThere(name, need))
    .map(([name]) => name)
}

function isThere(name, need) {
  const found = need.commands.map(which).find((place) => place !== undefined)
  if (found !== undefined && need.probe !== undefined) return capture(found, need.probe).status === 0
  if (found === undefined || name !== 'compiler') return found !== undefined
  // Debian's gcc comes without the C library's headers unless libc6-dev is there too.
  const input = '#include <stdio.h>\n#include <linux/mount.h>\nint main(void) { return puts(""); }\n'
  return capture(found, ['-x', 'c', '-', '-o', '/dev/null'], { input }).status === 0
}

function packagesFor(missing, manager) {
  return missing.flatMap((name) => manager.packages[name].split(' '))
}

/** Returns the package manager's output where it failed. Lists are refreshed only when the first try fails. */
function tryInstall(manager, prefix, packages) {
  const run = (args) => {
    const [command, ...rest] = [...prefix, 'env', ...(manager.env ?? []), which(manager.command), ...args]
    return capture(command, rest, { stdio: ['inherit', 'pipe', 'pipe'] })
  }
  if (run([...manager.install, ...packages]).status === 0) return ''
  say(`setup: ${manager.command} needs fresh package lists …`)
  const refreshed = run(manager.refresh)
  const done = refreshed.status === 0 ? run([...manager.install, ...packages]) : refreshed
  return done.status === 0 ? '' : `${done.stdout}${done.stderr}\n`
}

function byHand(missing, manager) {
  const what = missing
    .map((name) => (needs[name].probe ? name : needs[name].commands.join(' or ')))
    .join(', ')
  const ways = (manager === undefined ? managers : [manager]).map(
    (entry) => `  sudo ${entry.byHand} ${packagesFor(missing, entry).join(' ')}`,
  )
  const why =
    manager === undefined
      ? 'none of the package managers that it knows is here'
      : 'that needs root, or sudo without a password'
  return [`setup: missing: ${what}`, `setup could not install them (${why}). Run:`, ...ways].join('\n')
}

/** The box needs unprivileged user namespaces; root needs them too, to drop its capabilities. */
function checkNamespaces() {
  const flags = ['--unshare-all', '--unshare-user', '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc']
  const probe = capture(which('bwrap'), [...flags, 'true'])
  if (probe.status === 0) return
  const remedy = namespaceRemedy()
  throw new Stop(`setup: bubblewrap cannot make a sandbox here:\n  ${probe.stderr.trim()}\n${remedy}`)
}

function namespaceRemedy() {
  if (sysctl('kernel/apparmor_restrict_unprivileged_userns') === '1')
    return [
      'AppArmor forbids user namespaces (Ubuntu 23.10 and newer). Give bwrap a profile; as root:',
      '  cat > /etc/apparmor.d/bwrap <<EOF',
      '  abi <abi/4.0>,',
      '  include <tunables/global>',
      '  profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }',
      '  EOF',
      '  apparmor_parser -r /etc/apparmor.d/bwrap',
    ].join('\n')
  if (sysctl('kernel/unprivileged_userns_clone') === '0')
    return 'A sysctl forbids user namespaces; as root: sysctl kernel.unprivileged_userns_clone=1'
  if (sysctl('user/max_user_namespaces') === '0')
    return 'A sysctl forbids user namespaces; as root: sysctl user.max_user_namespaces=15000'
  return [
    'User namespaces are refused. In a container, its own profile does that: for docker or podman start it',
    'with --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined',
  ].join('\n')
}

function sysctl(name) {
  try {
    return fs.readFileSync(`/proc/sys/${name}`, 'utf8').trim()
  } catch {
    return undefined
  }
}

function installNpmPackages() {
  if (npmPackagesAreCurrent()) return
  const start = Date.now()
  say('setup: installing npm dependencies (npm ci) …')
  const done = npm(['ci'])
  const failed =
    done.status !== 0 && onlyForeignPlatformsMissing(done.stderr) ? npm(['install', '--no-save']) : done
  if (failed.status !== 0) throw new Stop(`${firstLines(failed.stderr)}setup: npm ${failed.args} failed`)
  say(`setup: installed in ${seconds(start)}`)
}

function npm(args) {
  const done = capture('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'])
  return { ...done, args: args.join(' ') }
}

/**
 * `npm ci` refuses a lock file that lacks an optional package of another platform, which is how npm writes it
 * where the registry does not have that package (yet). `npm install` takes the same locked versions then.
 */
function onlyForeignPlatformsMissing(stderr) {
  const missing = stderr.split('\n').filter((line) => /(Missing|Invalid): /.test(line))
  return missing.length > 0 && missing.every((line) => FOREIGN.test(line))
}

function firstLines(text) {
  return text
    .split('\n')
    .filter((line) => !FOREIGN.test(line))
    .slice(0, 20)
    .map((line) => `${line}\n`)
    .join('')
}

/** By content, not by time: a git checkout touches the lock file without changing it. */
function npmPackagesAreCurrent() {
  const wanted = readLock('package-lock.json')
  const present = readLock('node_modules/.package-lock.json')
  return Object.entries(wanted).every(
    ([name, entry]) =>
      name === '' ||
      (present[name] === undefined ? entry.optional === true : present[name].version === entry.version),
  )
}

function readLock(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')).packages
  } catch {
    return {}
  }
}

if (isMain(import.meta.url))
  await main(() => {
    const known = ['run', 'build', 'test']
    const asked = process.argv.slice(2)
    const unknown = asked.find((purpose) => !known.includes(purpose))
    if (unknown !== undefined) throw new Stop('usage: node scripts/setup.mjs [run] [build] [test]')
    setup(asked.length === 0 ? known : asked)
  })
