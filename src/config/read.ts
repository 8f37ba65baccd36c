import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { fail, type PolicyIssue } from '../errors.ts'
import { fsPath, toBytes } from '../host/bytes.ts'

/** Far more than a policy needs, and little enough to parse in a blink. */
export const MAX_POLICY_BYTES = 256 * 1024

export interface PolicyBytes {
  path: string
  /** What is hashed is what is parsed: the file is read once. */
  bytes: Buffer
  stat: Stats
}

/**
 * What an approval is bound to: the file's path and its exact bytes. Lower-case hex. The module is loaded
 * at the first call: it takes 3–5 ms, and a launch that asks for no grants needs no hash.
 */
export function hashOf(path: string, bytes: Buffer): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(toBytes(path)).update('\0').update(bytes).digest('hex')
}

/**
 * Reads a policy file whatever a hostile repository put in its place: it never follows a link (unless
 * `follow`), never waits on a FIFO and never reads more than the limit. Fails with `policy-invalid`.
 */
export function readPolicyBytes(path: string, follow = false): PolicyBytes {
  // O_CLOEXEC is Node's default for every descriptor that it opens.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY
  let fd: number
  try {
    fd = openSync(fsPath(path), follow ? flags : flags | constants.O_NOFOLLOW)
  } catch (error) {
    return refuse(path, openProblem(error as NodeJS.ErrnoException), error)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return refuse(path, { problem: `is ${kindOf(stat)}, not a regular file` })
    return { path, bytes: readLimited(fd, path), stat }
  } finally {
    closeSync(fd)
  }
}

/** The size that `fstat` gives may change while we read, so the limit is on what is read. */
function readLimited(fd: number, path: string): Buffer {
  const buffer = Buffer.allocUnsafe(MAX_POLICY_BYTES + 1)
  let length = 0
  for (let got = -1; got !== 0 && length < buffer.length; length += got) {
    try {
      got = readSync(fd, buffer, length, buffer.length - length, null)
    } catch (error) {
      return refuse(path, { problem: `cannot be read (${(error as NodeJS.ErrnoException).code})` }, error)
    }
  }
  if (length > MAX_POLICY_BYTES) refuse(path, { problem: `is larger than ${MAX_POLICY_BYTES / 1024} KiB` })
  return buffer.subarray(0, length)
}

function openProblem(error: NodeJS.ErrnoException): Omit<PolicyIssue, 'file'> {
  switch (error.code) {
    case 'ELOOP':
      return {
        problem: 'is a symbolic link',
        hint: 'put the file itself here: what a link leads to is not reviewed',
      }
    case 'EACCES':
    case 'EPERM':
      return { problem: 'cannot be read: permission denied' }
    case 'ENXIO':
      return { problem: 'is a socket or a device, not a regular file' }
    default:
      return { problem: `cannot be read (${error.code ?? 'unknown error'})` }
  }
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'a directory'
  if (stat.isFIFO()) return 'a FIFO'
  return stat.isSocket() ? 'a socket' : 'a device'
}

function refuse(path: string, issue: Omit<PolicyIssue, 'file'>, cause?: unknown): never {
  return fail({ code: 'policy-invalid', issues: [{ file: path, ...issue }] }, cause)
}
