import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { readRegular } from '../host/files.ts'
import { isWithin, parentOf } from '../host/paths.ts'

/** Upper limits of all processes of a box together. */
export interface Limits {
  /** Bytes. */
  memory?: number | undefined
  processes?: number | undefined
}

/** A control group of one box's own. */
export interface Cgroup {
  /**
   * What a process needs to get there: version 2, the directory to begin in; version 1, the file of each
   * hierarchy that a thread writes itself to. What it starts from then on is there as well.
   */
  entrances: readonly string[]
  /** How often the kernel refused or ended something because of each limit. */
  hits(): Hits
  /** To be called when nothing runs in it any more. */
  remove(): void
}

export interface Hits {
  memory: number
  processes: number
}

/** Version 2 has one hierarchy; version 1 one for each controller. */
interface Controller {
  name: keyof Hits
  /** Names of the kernel's: of the controller, its limit, and the file and line that counts. */
  controller: 'memory' | 'pids'
  limit: Record<1 | 2, string>
  count: Record<1 | 2, { file: string; line: RegExp }>
}

const CONTROLLERS: readonly Controller[] = [
  {
    name: 'memory',
    controller: 'memory',
    limit: { 1: 'memory.limit_in_bytes', 2: 'memory.max' },
    count: {
      1: { file: 'memory.oom_control', line: /^oom_kill (\d+)$/m },
      2: { file: 'memory.events', line: /^oom_kill (\d+)$/m },
    },
  },
  {
    name: 'processes',
    controller: 'pids',
    limit: { 1: 'pids.max', 2: 'pids.max' },
    count: {
      1: { file: 'pids.events', line: /^max (\d+)$/m },
      2: { file: 'pids.events', line: /^max (\d+)$/m },
    },
  },
]

/** Swap would only make a box that has run out slower; not every kernel has these. */
const SWAP: Record<1 | 2, string> = { 1: 'memory.memsw.limit_in_bytes', 2: 'memory.swap.max' }

/** One directory and the limits that it holds. */
interface Held {
  dir: string
  version: 1 | 2
  controllers: readonly Controller[]
  limits: Limits
}

/** The kernel's file systems; elsewhere in tests. */
export interface CgroupPlace {
  /** Content of /proc/self/cgroup. */
  self: string
  root: string
}

const here = (): CgroupPlace => ({
  self: readRegular('/proc/self/cgroup', 1 << 16)?.toString('latin1') ?? '',
  root: '/sys/fs/cgroup',
})

/**
 * Makes groups that hold these limits where this user may; undefined where it may not, for then only limits
 * of single processes are left. A user's own part of the tree is writable where the system delegates it.
 */
export function makeCgroup(limits: Limits, name: string, place: CgroupPlace = here()): Cgroup | undefined {
  const wanted = CONTROLLERS.filter((controller) => limits[controller.name] !== undefined)
  if (wanted.length === 0) return undefined
  const held = heldInOne(wanted, limits, name, place) ?? heldInEach(wanted, limits, name, place)
  if (held === undefined) return undefined
  try {
    for (const { dir, version, controllers, limits: own } of held) {
      for (const one of controllers) writeFileSync(`${dir}/${one.limit[version]}`, String(own[one.name]))
      if (controllers.some(({ name: of }) => of === 'memory')) noSwap(dir, version, own.memory!)
    }
  } catch {
    removeAll(held)
    return undefined
  }
  return {
    entrances: held.map(({ dir, version }) => (version === 2 ? dir : `${dir}/tasks`)),
    hits: () => hitsOf(held),
    remove: () => removeAll(held),
  }
}

/** Version 2: the nearest group above whose children may have these controllers. */
function heldInOne(
  wanted: readonly Controller[],
  limits: Limits,
  name: string,
  { self, root }: CgroupPlace,
): Held[] | undefined {
  const own = /^0::(\/.*)$/m.exec(self)?.[1]
  if (own === undefined) return undefined
  let { processes } = limits
  for (let dir = `${root}${own === '/' ? '' : own}`; isWithin(dir, root); dir = parentOf(dir)) {
    const enabled = wordsOf(`${dir}/cgroup.subtree_control`)
    const may = wanted.every(({ controller }) => enabled.includes(controller))
    const made = may ? makeDir(`${dir}/${name}`) : undefined
    if (made !== undefined)
      return [{ dir: made, version: 2, controllers: wanted, limits: { ...limits, processes } }]
    // A box beside what somebody limits (a service, a scope with MemoryMax) would be rid of that.
    if (['memory.max', 'memory.high', 'cpu.max'].some((file) => boundOf(`${dir}/${file}`) < Infinity))
      return undefined
    // Nearly everything of systemd's has this one: it goes along.
    if (processes !== undefined) processes = Math.min(processes, boundOf(`${dir}/pids.max`))
  }
  return undefined
}

const boundOf = (file: string): number => Number(/^\d+/.exec(textOf(file))?.[0] ?? Infinity)

/** Version 1, which only root may: below the group that we are in, in each hierarchy. */
function heldInEach(
  wanted: readonly Controller[],
  limits: Limits,
  name: string,
  { self, root }: CgroupPlace,
): Held[] | undefined {
  const held: Held[] = []
  for (const one of wanted) {
    const own = new RegExp(`^\\d+:${one.controller}:(/.*)$`, 'm').exec(self)?.[1]
    const dir =
      own === undefined ? undefined : makeDir(`${root}/${one.controller}${own === '/' ? '' : own}/${name}`)
    if (dir === undefined) continue
    held.push({ dir, version: 1, controllers: [one], limits })
  }
  if (held.length === wanted.length) return held
  removeAll(held)
  return undefined
}

function makeDir(dir: string): string | undefined {
  try {
    accessSync(parentOf(dir), constants.W_OK)
    sweep(parentOf(dir))
    mkdirSync(dir)
    return dir
  } catch {
    return undefined
  }
}

/** Groups of sessions that were killed. One that still holds processes cannot be removed. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^agentbox-(\d+)-/.exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    try {
      rmdirSync(`${parent}/${name}`)
    } catch {
      // Another launch was quicker, or its box is only just ending.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function noSwap(dir: string, version: 1 | 2, memory: number): void {
  try {
    writeFileSync(`${dir}/${SWAP[version]}`, version === 2 ? '0' : String(memory))
  } catch {
    // A kernel without accounting of swap: the memory itself is held.
  }
}

function hitsOf(held: readonly Held[]): Hits {
  const hits: Hits = { memory: 0, processes: 0 }
  for (const { dir, version, controllers } of held) {
    for (const { name, count } of controllers) {
      const { file, line } = count[version]
      hits[name] = Number(line.exec(textOf(`${dir}/${file}`))?.[1] ?? 0)
    }
  }
  return hits
}

/** The kernel lets go of a group a moment after its last process. */
function removeAll(held: readonly Held[]): void {
  for (const { dir } of held) {
    for (let tries = 0; tries < 50; tries++) {
      try {
        rmdirSync(dir)
        break
      } catch {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
      }
    }
  }
}

const wordsOf = (file: string): string[] => textOf(file).split(/\s+/)

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
