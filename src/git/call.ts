import type { ChildProcess } from 'node:child_process'
import { toBytes } from '../host/bytes.ts'
import { lstatOf } from '../host/files.ts'
import { distrust } from '../host/trusted.ts'
import { safeEnv, safeOptions } from './safe.ts'

/**
 * The one place where git is started (`tracked.ts` and simple-git take the same settings). Used are
 * commands that neither touch the work tree nor print patches: cat-file, config, diff-index --cached,
 * for-each-ref, fsck --connectivity-only, log --name-only, ls-files, ls-tree, rev-list, rev-parse, show-ref.
 */
export interface GitCall {
  cwd: string
  args: readonly string[]
  input?: string | Buffer | undefined
  /** More environment: `hookVariables`, or HOME where the user's own configuration has to be read. */
  env?: Readonly<Record<string, string | undefined>> | undefined
  /** For asking where hooks are and for writing config: no hook is run by that. */
  ownHooksPath?: boolean | undefined
  /** Milliseconds; git is then ended and the answer is `partial`. */
  limit?: number | undefined
}

export interface GitAnswer {
  /** Null if git could not be started or was ended by us. */
  status: number | null
  stdout: Buffer
  stderr: string
  /** The time was over, or it was too much: `stdout` is what had come until then. */
  partial: boolean
}

const PLACES = ['/usr/bin/git', '/bin/git', '/usr/local/bin/git', '/run/current-system/sw/bin/git']
const DEFAULT_LIMIT = 20_000
const LARGEST_COMPLAINT = 8192
/** Bytes: a few objects are enough for a tree of ten thousand million names. */
const LARGEST_ANSWER = 64 << 20

/** git by its absolute path: one that stands early in PATH could belong to the repository. Only the system's own. */
export function gitBinary(places: readonly string[] = PLACES): string | undefined {
  return places.find((place) => lstatOf(place) !== undefined && distrust(place) === undefined)
}

/** Runs git to its end; never throws for what git says. */
export async function callGit(call: GitCall): Promise<GitAnswer> {
  const binary = gitBinary()
  if (binary === undefined) {
    return { status: null, stdout: Buffer.alloc(0), stderr: 'git is not installed', partial: false }
  }
  // Loaded here: most of what imports this file does not get so far, and it takes as long as a git call.
  const { spawn } = await import('node:child_process')
  return new Promise((resolve) => {
    const options = call.ownHooksPath === true ? withoutHooksPath(safeOptions) : safeOptions
    const child = spawn(binary, [...options, ...call.args], {
      cwd: call.cwd,
      env: { ...safeEnv, ...call.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const { partial, stop } = limited(child, call.limit ?? DEFAULT_LIMIT)
    const out: Buffer[] = []
    let size = 0
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > LARGEST_ANSWER) stop()
      else out.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderr.length < LARGEST_COMPLAINT) stderr += chunk.toString('utf8')
    })
    const finish = (status: number | null): void =>
      resolve({ status, stdout: Buffer.concat(out), stderr: stderr.trim(), partial: partial() })
    child.once('error', (error) => {
      stderr += error.message
      finish(null)
    })
    child.once('close', finish)
    // git may end before it has read all of it.
    child.stdin.on('error', () => {})
    child.stdin.end(typeof call.input === 'string' ? toBytes(call.input) : call.input)
  })
}

function withoutHooksPath(options: readonly string[]): string[] {
  const at = options.findIndex((option) => option.startsWith('core.hooksPath='))
  return options.toSpliced(at - 1, 2)
}

function limited(child: ChildProcess, limit: number): { partial(): boolean; stop(): void } {
  let over = false
  const stop = (): void => {
    over = true
    child.kill('SIGKILL')
  }
  const timer = setTimeout(stop, limit)
  child.once('close', () => clearTimeout(timer))
  child.once('error', () => clearTimeout(timer))
  return { partial: () => over, stop }
}

/** The records of an answer that are separated by NUL. */
export function records(stdout: Buffer): Buffer[] {
  const out: Buffer[] = []
  let at = 0
  for (let end = stdout.indexOf(0); end >= 0; end = stdout.indexOf(0, at)) {
    out.push(stdout.subarray(at, end))
    at = end + 1
  }
  if (at < stdout.length) out.push(stdout.subarray(at))
  return out
}
