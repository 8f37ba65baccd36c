import { readdirSync, readFileSync } from 'node:fs'
import { boxWanted } from '../config/boxed.ts'
import { markedBy, recognise } from '../policy/agents/recognise.ts'
import { fromBytes } from './bytes.ts'
import { linkTarget, realpathOf } from './files.ts'
import { statFields } from './processes.ts'

/** An agent that runs without a box in a directory that wants one. */
export interface UnboxedAgent {
  pid: number
  agent: string
  cwd: string
  /** The policy file, or the repository that is always boxed. */
  wanted: string
}

/**
 * Known agents among the processes that can be seen from here, whose working directory wants a box and
 * that are in none. A box has namespaces of its own, all three of these; a process that shares one with us
 * sees the machine. Variables say nothing: anybody can set them. Never throws.
 */
export function unboxedAgents(state: string): UnboxedAgent[] {
  const ours = namespacesOf('self')
  return pids().flatMap((pid) => {
    const agent = agentOf(pid)
    if (agent === undefined) return []
    const theirs = namespacesOf(pid)
    if (!theirs.some((space, index) => space !== undefined && space === ours[index])) return []
    const cwd = linkTarget(`/proc/${pid}/cwd`)
    const wanted = cwd?.startsWith('/') === true ? boxWanted(cwd, state) : undefined
    return cwd === undefined || wanted === undefined ? [] : [{ pid, agent, cwd, wanted }]
  })
}

/** An ancestor of this process: nearest first, up to the first process that can be seen. */
export interface Ancestor {
  pid: number
  agent: string | undefined
}

export function ancestry(from = process.ppid): Ancestor[] {
  const out: Ancestor[] = []
  for (let pid = from; pid > 0 && out.length < 100; pid = parentOf(pid))
    out.push({ pid, agent: agentOf(pid) })
  return out
}

/**
 * The agent that a command outside the box was started by; undefined if it was none, or if we are in a box
 * ourselves: its pid 1 is our own. A hint for git's hooks, which an agent can get around.
 */
export function isUnboxedAgent(env: NodeJS.ProcessEnv, ancestors: readonly Ancestor[]): string | undefined {
  if (linkTarget('/proc/1/exe') === '/run/agentbox/init') return undefined
  const above = ancestors.find(({ agent }) => agent !== undefined)?.agent
  return above ?? markedBy(env)?.name
}

function pids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
}

/** Undefined where they cannot be read: another user's process. */
function namespacesOf(pid: number | 'self'): (string | undefined)[] {
  return ['mnt', 'pid', 'user'].map((kind) => linkTarget(`/proc/${pid}/ns/${kind}`))
}

function agentOf(pid: number): string | undefined {
  const argv = argvOf(pid)
  if (argv.length === 0) return undefined
  const agent = recognise({ exe: linkTarget(`/proc/${pid}/exe`) ?? '', argv })
  return agent === undefined || isShim(argv) ? undefined : agent.name
}

/** A shim on its way is a shell that runs a script called like the agent. */
function isShim(argv: readonly string[]): boolean {
  return argv.slice(1, 3).some((arg) => realpathOf(arg)?.endsWith('/shell/shim.sh') === true)
}

function argvOf(pid: number): string[] {
  try {
    return fromBytes(readFileSync(`/proc/${pid}/cmdline`))
      .split('\0')
      .slice(0, -1)
  } catch {
    return []
  }
}

function parentOf(pid: number): number {
  try {
    return Number(statFields(readFileSync(`/proc/${pid}/stat`, 'latin1'))[1])
  } catch {
    return 0
  }
}
