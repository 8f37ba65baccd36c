// What the probes share. They run inside the box, on the box's own node, without any dependency.
import fs from 'node:fs'

/** Every secret of the test world has this shape, so a leak is recognised whatever route it took. */
const SECRET = /abxsecret-[\w.-]+?-[0-9a-f]{32}/

/** The map of the world: names and places, no secret. */
export const world = JSON.parse(fs.readFileSync(new URL('world.json', import.meta.url), 'utf8'))

export const pass = (detail) => ({ verdict: 'PASS', detail })
export const failed = (detail) => ({ verdict: 'FAIL', detail })

/** Neither: it weakens nothing by itself, and somebody should know. */
export const warned = (detail) => ({ verdict: 'WARN', detail })
/** What cannot be tried here has not been shown; whoever reads this decides whether that was to be expected. */
export const skipped = (reason) => ({ verdict: 'SKIP', detail: reason })

/** Paths of the world may hold any bytes; its map has them as latin1. */
export const bytes = (path) => Buffer.from(path, 'latin1')

/** FAIL if there is a secret in it. */
export function blind(content) {
  const found = SECRET.exec(Buffer.isBuffer(content) ? content.toString('latin1') : content)
  return found === null ? pass(`${content.length} bytes`) : failed(found[0])
}

/** FAIL if `read` returns a secret; an error is what one hopes for. */
export function unreadable(read) {
  try {
    return blind(read())
  } catch (error) {
    return pass(codeOf(error))
  }
}

/** FAIL if `act` works; then `undo` puts things right for the probes that follow. */
export function refused(act, undo) {
  let result
  try {
    result = act()
  } catch (error) {
    return pass(codeOf(error))
  }
  undo?.(result)
  return failed('it worked')
}

/** The first failure, or the last success. */
export function all(results) {
  return results.find(({ verdict }) => verdict === 'FAIL') ?? results.at(-1) ?? failed('nothing was tried')
}

/** Never waits, neither on a FIFO nor on a device. */
export function read(path, limit = 1 << 20) {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  try {
    const buffer = Buffer.alloc(limit)
    return buffer.subarray(0, fs.readSync(fd, buffer, 0, limit, null))
  } finally {
    fs.closeSync(fd)
  }
}

export function openForWriting(path) {
  fs.closeSync(fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK))
}

/** An error without a code is the probe's own and must be seen. */
function codeOf(error) {
  if (typeof error.code !== 'string') throw error
  return error.code
}
