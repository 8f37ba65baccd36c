import { normalPath } from '../config/paths.ts'
import { isWithin, parentOf } from '../host/paths.ts'
import type { SandboxOp } from '../plan/ops.ts'

/** What stands at a place of the host, without following a link at its end. */
export interface HostEntry {
  kind: 'file' | 'directory' | 'symlink' | 'other'
  /** What a symlink says. */
  link?: string | undefined
  /** May the box's user, who has no capability there, read, write and (directories) search it? */
  readable: boolean
  writable: boolean
  searchable: boolean
}

export type Look = (path: string) => HostEntry | undefined

/** What a path leads to in a box. */
export type View =
  /** A path of the host, shown by `op`. */
  | { kind: 'host'; op: SandboxOp & { kind: 'bind' }; entry: HostEntry; path: string; readonly: boolean }
  /** Made by `op`: a masked path, agentbox's own file, a private directory. */
  | { kind: 'made'; op: SandboxOp; path: string; readonly: boolean }
  /** A directory that is there only to hold mount points. */
  | { kind: 'way'; path: string }
  /** Not there. `within` is what shows the nearest place above it; `closed` if that keeps this user out. */
  | { kind: 'nothing'; path: string; within: SandboxOp | undefined; writable: boolean; closed: boolean }

/** Links on the way; the kernel gives up at so many. */
const MOST_LINKS = 40

/** Follows a path (absolute, normal) as a program in the box would. Pure but for `look`. */
export function viewOf(ops: readonly SandboxOp[], path: string, look: Look): View {
  let [done, rest] = ['', path.split('/').filter((part) => part !== '')]
  let last = stand(ops, '/', look)
  const nowhere = (within: SandboxOp | undefined, closed: boolean): View => ({
    kind: 'nothing',
    path,
    within,
    writable: false,
    closed,
  })
  for (let links = 0; rest.length > 0;) {
    if (last.kind === 'nothing') return { ...last, path }
    if (last.kind === 'host' && last.entry.kind !== 'directory') return nowhere(last.op, false)
    if (last.kind === 'host' && !last.entry.searchable) return nowhere(last.op, true)
    const [name, ...more] = rest
    const here = `${done}/${name}`
    const next = stand(ops, here, look)
    const link = linkOf(next)
    if (links > MOST_LINKS) return nowhere(undefined, true)
    if (link === undefined) {
      ;[done, rest, last] = [here, more, next]
      continue
    }
    links++
    // Begins again from the top: what the link names may be shown by another mount.
    const target = normalPath(link.startsWith('/') ? link : `${done}/${link}`)
    ;[done, rest] = ['', [...target.split('/').filter((part) => part !== ''), ...more]]
    last = stand(ops, '/', look)
  }
  return last
}

function linkOf(view: View): string | undefined {
  if (view.kind === 'made' && view.op.kind === 'symlink' && view.op.dest === view.path) return view.op.target
  return view.kind === 'host' && view.entry.kind === 'symlink' ? view.entry.link : undefined
}

/** One place, all of whose parents are real directories. The last step that covers it is what is seen. */
function stand(ops: readonly SandboxOp[], path: string, look: Look): View {
  const covering = ops.filter((op) => op.kind !== 'remount-ro' && isWithin(path, op.dest))
  const op = covering.at(-1)
  const isWay = ops.some(({ dest }) => dest !== path && isWithin(dest, path))
  if (op === undefined) {
    return isWay
      ? { kind: 'way', path }
      : { kind: 'nothing', path, within: undefined, writable: false, closed: false }
  }
  const sealed = ops
    .slice(ops.indexOf(op))
    .some(({ kind, dest }) => kind === 'remount-ro' && dest === op.dest)
  if (op.kind !== 'bind') {
    if (path === op.dest) return { kind: 'made', op, path, readonly: sealed || op.kind !== 'tmpfs' }
    if (isWay) return { kind: 'way', path }
    if (op.kind === 'proc' || op.kind === 'dev') return { kind: 'made', op, path, readonly: true }
    return { kind: 'nothing', path, within: op, writable: op.kind === 'tmpfs' && !sealed, closed: false }
  }
  const place = op.source + path.slice(op.dest.length)
  const entry = look(place)
  const readonly = op.access === 'ro' || sealed
  if (entry !== undefined) return { kind: 'host', op, entry, path, readonly }
  // A mount point that bwrap makes in what the box may write.
  if (isWay) return readonly ? { kind: 'way', path } : { kind: 'made', op, path, readonly }
  const above = look(op.source + parentOf(path).slice(op.dest.length))
  return { kind: 'nothing', path, within: op, writable: !readonly && above?.writable === true, closed: false }
}
