// What every script here shares. No dependencies: these run before `npm ci`.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

export const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))
export const isRoot = process.getuid?.() === 0

/** A failure that the user can act on: its text is shown without a stack trace. */
export class Stop extends Error {}

export function say(text) {
  process.stderr.write(`${text}\n`)
}

/** Runs a script's main function; a `Stop` becomes its text and exit status 1. */
export async function main(run) {
  try {
    const status = await run()
    process.exitCode = status ?? 0
  } catch (error) {
    say(error instanceof Stop ? error.message : (error?.stack ?? String(error)))
    process.exitCode = 1
  }
}

/** The options and other arguments that a script was given. `--help`, and what it does not know, end it with `usage`. */
export function given(usage, options = {}, { others = false } = {}) {
  const config = { options: { ...options, help: { type: 'boolean', short: 'h' } }, allowPositionals: others }
  let parsed
  try {
    parsed = parseArgs(config)
  } catch (error) {
    throw new Stop(`${error.message}\nusage: ${usage}`)
  }
  if (parsed.values.help !== true) return parsed
  process.stdout.write(`usage: ${usage}\n`)
  process.exit(0)
}

/** True when the module is the script that node was started with, also through a symlink. */
export function isMain(url) {
  return process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(url)
}

/** The absolute path of a program on PATH (plus the sbin directories, which users often lack). */
export function which(name) {
  // The system's own, whatever stands early in PATH.
  if (name.startsWith('/')) return isExecutable(name) ? name : undefined
  const dirs = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
  return dirs
    .filter((dir) => dir.startsWith('/'))
    .map((dir) => path.join(dir, name))
    .find(isExecutable)
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}

export function mtime(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs
}

/** Runs to the end and returns `{ status, stdout, stderr }`, never throwing for a failure of the command. */
export function capture(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20, ...options })
  return {
    status: done.status ?? 128,
    stdout: done.stdout ?? '',
    stderr: (done.stderr ?? '') + (done.error === undefined ? '' : `${done.error.message}\n`),
  }
}

/** The same without blocking, output in the order it came; for several at a time. */
export function captureAsync(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      killSignal: 'SIGKILL',
      ...options,
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ status: 127, output: `${error.message}\n` }))
    child.on('close', (code) => resolve({ status: code ?? 128, output }))
  })
}

export function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

/** How to become root: nothing to do, sudo without or with a password prompt, or not at all (undefined). */
export function rootPrefix({ ask } = { ask: true }) {
  if (isRoot) return []
  const sudo = which('sudo')
  if (sudo === undefined) return undefined
  if (capture(sudo, ['-n', 'true']).status === 0) return [sudo, '-n']
  return ask && process.stdin.isTTY ? [sudo] : undefined
}

/** Where downloads for development live: outside the repository, kept between runs. */
export function cacheDir(...names) {
  const base = process.env.XDG_CACHE_HOME?.startsWith('/')
    ? process.env.XDG_CACHE_HOME
    : path.join(process.env.HOME ?? '/var/tmp', '.cache')
  const dir = path.join(base, 'agentbox-dev', ...names)
  fs.mkdirSync(dir, { recursive: true })
  return dir
}

/**
 * A directory for the time of `use`, also removed when a signal ends the script. Not below /tmp, of which
 * every box has its own.
 */
export async function withTemporaryDir(name, use) {
  const dir = fs.realpathSync(fs.mkdtempSync(`/var/tmp/agentbox-${name}-`))
  // What was ended a moment ago may still write there.
  const remove = () => fs.rmSync(dir, { recursive: true, force: true, maxRetries: 10 })
  const onSignal = (_signal, number) => {
    remove()
    process.exit(128 + number)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.once(signal, onSignal)
  try {
    return await use(dir)
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
    remove()
  }
}
