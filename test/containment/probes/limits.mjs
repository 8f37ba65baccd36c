// What one box may take from the machine.
import fs from 'node:fs'
import { all, failed, pass, skipped, world } from './lib.mjs'

export function limits() {
  const table = fs.readFileSync('/proc/self/limits', 'utf8')
  const soft = (name) => new RegExp(`^${name} +(\\S+)`, 'm').exec(table)?.[1]
  const hard = (name) => new RegExp(`^${name} +\\S+ +(\\S+)`, 'm').exec(table)?.[1]
  /** The kernel counts what is queued or under way for the user, across namespaces; null: the user has no limit either. */
  const shared = (name, what) =>
    world.queues[what] === null || Number(hard(`Max ${name}`)) < world.queues[what]
      ? pass(hard(`Max ${name}`))
      : failed('all of them')
  return [
    ['limit-core-files', () => (hard('Max core file size') === '0' ? pass('none') : failed('core files'))],
    ['limit-processes', () => processes(soft('Max processes'))],
    ['limit-watches', () => all(['instances', 'watches'].map(watches))],
    ['queued-signals', () => shared('pending signals', 'signals')],
    ['queued-messages', () => shared('msgqueue size', 'messages')],
    ['queued-descriptors', () => shared('open files', 'descriptors')],
    ['limit-tmp', () => sized('/tmp')],
    ['limit-shared-memory', () => sized('/dev/shm')],
  ]
}

/** The kernel holds no limit of the kind against uid 0 of the machine, whatever namespace it is in. */
function processes(limit) {
  if (process.getuid() === 0) return skipped('root is exempt from this limit')
  return limit !== 'unlimited' && Number(limit) <= 1 << 16 ? pass(limit) : failed(String(limit))
}

/** They are counted for the user: who has all of them blinds what watches on the host. */
function watches(what) {
  const count = (path) => Number(fs.readFileSync(path, 'utf8'))
  const own = count(`/proc/sys/user/max_inotify_${what}`)
  return own < count(`/proc/sys/fs/inotify/max_user_${what}`) ? pass(`${own} ${what}`) : failed(`all ${what}`)
}

/** A file system of its own, smaller than the machine's memory. */
function sized(dir) {
  if (!fs.existsSync(dir)) return pass('absent')
  const { blocks, bsize } = fs.statfsSync(dir)
  const memory = Number(/^MemTotal: +(\d+)/m.exec(fs.readFileSync('/proc/meminfo', 'utf8'))[1]) * 1024
  const size = blocks * bsize
  const own = fs.statSync(dir).dev !== fs.statSync('/').dev
  return own && size > 0 && size < memory / 2
    ? pass(`${Math.round(size / 2 ** 20)} MB`)
    : failed(`${Math.round(size / 2 ** 20)} MB`)
}
