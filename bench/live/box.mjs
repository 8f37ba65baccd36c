// A box that the measurements of the live masks look into, and what a process has open.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { capture, root, Stop } from '../../scripts/lib/tools.mjs'

const agentbox = path.join(root, 'dist/agentbox.cjs')

export function compiled(dir, name) {
  const file = path.join(dir, name)
  const done = capture('cc', ['-O2', '-Wall', '-Wextra', '-o', file, path.join(root, `bench/${name}.c`)])
  if (done.status !== 0) throw new Stop(`bench: ${name}.c\n${done.stderr}`)
  return file
}

/** Runs a command in a box of the project as long as `use` takes. */
export async function inBox(world, project, argv, use) {
  const env = { HOME: world.home, PATH: process.env.PATH, TERM: 'dumb', NO_COLOR: '1' }
  return running(spawn(process.execPath, [agentbox, 'run', '--', ...argv], { cwd: project, env }), use)
}

/** The same in a box of bwrap's with nothing else. */
export async function inBareBox(project, argv, use) {
  const options = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--bind', project, project]
  return running(spawn('bwrap', [...options, '--unshare-all', '--die-with-parent', ...argv]), use)
}

/** `use` begins when the process has said `up`; afterwards the process is ended. */
export async function running(child, use) {
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
  let problem = ''
  child.stderr.setEncoding('utf8').on('data', (chunk) => (problem += chunk))
  const ended = new Promise((resolve) => child.once('close', resolve))
  const began = performance.now()
  try {
    while (!text.includes('up')) {
      if (child.exitCode !== null || performance.now() - began > 20_000) throw new Stop(`bench: ${problem}`)
      await delay(5)
    }
    const agent = agentOf(child.pid)
    return await use({ pid: child.pid, agent, inside: `/proc/${agent}/root`, said: () => text })
  } finally {
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), 2000).unref()
    await ended
  }
}

const childrenOf = (pid) =>
  fs
    .readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => textOf(`/proc/${pid}/task/${task}/children`).split(' '))
    .filter(Boolean)
    .map(Number)

/** The last of the box's processes. */
function agentOf(pid) {
  const children = childrenOf(pid)
  return children.length === 0 ? pid : agentOf(children.at(-1))
}

/** inotify watches of a process and of those that it started. */
export function watches(pid) {
  return [pid, ...childrenOf(pid).flatMap((child) => [child, ...childrenOf(child)])]
    .map((one) => watchesOf(one))
    .reduce((sum, number) => sum + number, 0)
}

export function watchesOf(pid) {
  return namesIn(`/proc/${pid}/fdinfo`)
    .map((fd) => textOf(`/proc/${pid}/fdinfo/${fd}`).split('inotify wd').length - 1)
    .reduce((sum, number) => sum + number, 0)
}

const namesIn = (dir) => {
  try {
    return fs.readdirSync(dir)
  } catch {
    return []
  }
}

export const textOf = (file) => {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
