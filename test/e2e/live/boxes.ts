import { existsSync, lstatSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { fsPath, toBytes } from '../../../src/host/bytes.ts'
import { itemPath, listQuarantine } from '../../../src/protect/quarantine.ts'
import { liveSessions } from '../../../src/session/registry.ts'
import type { TestHome } from '../../support/home.ts'
import { eventually, type Ended, type Running } from '../../support/spawn.ts'

/** A running box that does nothing, seen from outside. */
export interface Box {
  running: Running
  id: string
  /** What a path has for the box: its text, its names joined by commas, or an error's code. */
  sees(path: string): string
  end(): Promise<Ended>
}

export const stateOf = (at: TestHome): string => `${at.home}/.local/state/agentbox`

/** Paths in the project of what has been moved to quarantine. What has a note only is on its way, or another's. */
export const movedFrom = (at: TestHome, project: string): string[] =>
  listQuarantine(stateOf(at))
    .filter((entry) => itemPath(stateOf(at), entry) !== undefined)
    .map(({ path }) => path.slice(project.length + 1))

/** Starts so many boxes in the project at once and waits until each has its watch. */
export async function startBoxes(
  at: TestHome,
  project: string,
  count: number,
  script = 'echo up; exec sleep 300',
): Promise<Box[]> {
  const started = Array.from({ length: count }, () =>
    at.launch(['run', '--', 'sh', '-c', script], { cwd: project, limit: 300_000 }),
  )
  return Promise.all(started.map((running) => boxOf(at, running)))
}

/** The box of an agentbox that has been started, when it says that it is up. */
export async function boxOf(at: TestHome, running: Running): Promise<Box> {
  await running.says('up')
  const session = liveSessions(stateOf(at)).find(({ pid }) => pid === running.pid)
  if (session === undefined) throw new Error('the session is not known')
  const root = await rootOf(running.pid)
  return {
    running,
    id: session.id,
    sees: (path: string) => look(`${root}${path}`),
    async end() {
      process.kill(running.pid, 'SIGTERM')
      return running.ended
    },
  }
}

/** Does in the box what the host writes into `do`, and then waits. */
export const obedient =
  'echo up; while :; do if [ -e do ]; then mv do doing; sh doing > said 2>&1; rm doing; fi; sleep 0.02; done & exec sleep 300'

/** Has an obedient box do something; resolves with what it printed. */
export async function inside(at: TestHome, project: string, script: string): Promise<string> {
  at.write(`${project}/do.new`, script)
  renameSync(`${project}/do.new`, `${project}/do`)
  const done = (): boolean => !existsSync(`${project}/do`) && !existsSync(`${project}/doing`)
  if (!(await eventually(done, OBEYED))) throw new Error('the box does not do what it is told')
  return readFileSync(`${project}/said`, 'utf8')
}

/** Milliseconds, on a machine that does much else. */
const OBEYED = 30_000

/** The file system of the agent, which is a descendant of agentbox's. */
async function rootOf(pid: number): Promise<string> {
  let found: number | undefined
  await eventually(() => (found = sleeperBelow(pid)) !== undefined)
  if (found === undefined) throw new Error('the box has no agent')
  return `/proc/${found}/root`
}

/** One that lasts: a script that sleeps for moments, or the long sleep itself. */
function sleeperBelow(pid: number): number | undefined {
  for (let at = [pid]; at.length > 0; at = at.flatMap(children)) {
    const found = at.flatMap((one) => {
      const slept = textOf(`/proc/${one}/cmdline`)
      if (slept.startsWith('sleep\x00300')) return [one]
      return slept.startsWith('sleep\x000')
        ? [Number(textOf(`/proc/${one}/stat`).split(') ')[1]?.split(' ')[1])]
        : []
    })[0]
    if (found !== undefined && found > 0) return found
  }
  return undefined
}

function children(pid: number): number[] {
  return textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
}

/** Processes of a moment may be gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function look(path: string): string {
  try {
    const stat = lstatSync(fsPath(path))
    if (stat.isDirectory()) return readdirSync(fsPath(path)).join()
    return stat.isFile() ? readFileSync(toBytes(path), 'utf8') : 'other'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

/** Milliseconds after which a secret must not be readable, on a machine that does much else. */
const LIMIT = 30_000

/** Waits until nothing of the paths can be read in any of the boxes; returns what still can. */
export async function readable(boxes: readonly Box[], paths: readonly string[]): Promise<string[]> {
  const left = (): string[] =>
    boxes.flatMap((box, at) =>
      paths.flatMap((path) => {
        const seen = box.sees(path)
        return seen === '' ? [] : [`box ${at}: ${path}: ${seen}`]
      }),
    )
  await eventually(() => left().length === 0, LIMIT)
  return left()
}
