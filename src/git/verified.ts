import { createHash } from 'node:crypto'
import { fromBytes } from '../host/bytes.ts'
import { callGit, type GitCall } from './call.ts'

/** A file in a commit, as its tree names it. */
export interface TreeFile {
  /** `100644`, `100755`, `120000`. */
  mode: string
  oid: string
}

type Where = Pick<GitCall, 'cwd' | 'env'>

interface Item extends TreeFile {
  name: string
}

/** More than anybody commits under a name that programs obey. */
const MOST_FILES = 200

/**
 * The files of a commit at a path, or below it, by what follows the path (`''` for a file, `/tasks.json` in a
 * directory); none if nothing stands there. Every object on the way is held against its name, for an agent in a box
 * can write to the object store. Undefined: it cannot be told.
 */
export async function committedAt(
  where: Where,
  commit: string,
  path: string,
): Promise<ReadonlyMap<string, TreeFile> | undefined> {
  const text = (await readObject(where, 'commit', commit))?.toString('latin1')
  const root = /^tree ([0-9a-f]+)\n/.exec(text ?? '')?.[1]
  if (root === undefined) return undefined
  let at: TreeFile = { mode: '40000', oid: root }
  for (const part of path.split('/')) {
    const items: Item[] | undefined = at.mode === '40000' ? await readTree(where, at.oid) : []
    const found = items?.find(({ name }) => name === part)
    if (items === undefined || found === undefined) return items === undefined ? undefined : new Map()
    at = found
  }
  const files = new Map<string, TreeFile>()
  return (await collect(where, at, '', files)) ? files : undefined
}

async function collect(
  where: Where,
  { mode, oid }: TreeFile,
  path: string,
  into: Map<string, TreeFile>,
): Promise<boolean> {
  if (mode !== '40000') {
    into.set(path, { mode, oid })
    return into.size <= MOST_FILES
  }
  const items = await readTree(where, oid)
  if (items === undefined) return false
  for (const item of items) if (!(await collect(where, item, `${path}/${item.name}`, into))) return false
  return true
}

async function readTree(where: Where, oid: string): Promise<Item[] | undefined> {
  const bytes = await readObject(where, 'tree', oid)
  if (bytes === undefined) return undefined
  const items: Item[] = []
  for (let at = 0; at < bytes.length;) {
    const [space, end] = [bytes.indexOf(32, at), bytes.indexOf(0, at)]
    const next = end + 1 + oid.length / 2
    if (space < 0 || end < space || next > bytes.length) return undefined
    const name = fromBytes(bytes.subarray(space + 1, end))
    items.push({ mode: bytes.toString('latin1', at, space), name, oid: bytes.toString('hex', end + 1, next) })
    at = next
  }
  return items
}

async function readObject(where: Where, kind: string, oid: string): Promise<Buffer | undefined> {
  const { status, stdout, partial } = await callGit({ ...where, args: ['cat-file', kind, oid] })
  return status === 0 && !partial && nameOfObject(kind, stdout, oid.length) === oid ? stdout : undefined
}

/** What git calls an object with this content, in a repository whose names have so many digits. */
export function nameOfObject(kind: string, content: Buffer, digits: number): string {
  const hash = createHash(digits === 64 ? 'sha256' : 'sha1')
  return hash.update(`${kind} ${content.length}\0`).update(content).digest('hex')
}
