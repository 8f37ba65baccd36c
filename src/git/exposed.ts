import { fromBytes } from '../host/bytes.ts'
import { readRegular } from '../host/files.ts'
import { scanTree } from '../masks/scan.ts'
import type { StagedFile } from './staged.ts'
import { readBlobs } from './blobs.ts'
import { callGit, type GitCall } from './call.ts'
import type { Credential } from './credentials.ts'

/** Content that looks like a credential where anybody can read it. Never holds the secret itself. */
export interface Exposed extends Credential {
  /** From the top of what was searched; surrogate-escaped. */
  path: string
  /** In history: a commit or blob that has it. */
  object?: string | undefined
}

export interface Examined {
  found: Exposed[]
  /** Files that were looked into. */
  files: number
  /** Files that are too large, or for which there was no time. */
  left: number
}

interface Choice {
  /** Paths (from the top) that are masked, or that the policy excepts: they are not looked into. */
  skips(path: string): boolean
  /** Milliseconds; without end if undefined. */
  limit?: number | undefined
}

/** Larger files are data. */
const LARGEST = 1024 * 1024
/** So many are read and looked into together. */
const TOGETHER = 64

/** Looks into the files of a directory (absolute, resolved), as the scan for masks walks it. */
export async function exposedInTree(
  root: string,
  { skips, limit = Infinity, only }: Choice & { only?: string | undefined },
): Promise<Examined> {
  const end = Date.now() + limit
  const paths = (only === undefined ? filesBelow(root) : [only]).filter((path) => !skips(path))
  const examined: Examined = { found: [], files: 0, left: 0 }
  for (let at = 0; at < paths.length; at += TOGETHER) {
    if (Date.now() > end) {
      examined.left += paths.length - at
      break
    }
    const some = paths.slice(at, at + TOGETHER)
    await lookInto(
      examined,
      some.map((path) => ({ path, content: readRegular(`${root}/${path}`, LARGEST) })),
    )
  }
  return examined
}

function filesBelow(root: string): string[] {
  const { entries } = scanTree([root], { interesting: /(?:)/s })
  return entries.filter(({ kind }) => kind === 'file').map(({ path }) => path.slice(root.length + 1))
}

/** Looks into what the next commit would bring. */
export async function exposedIn(
  where: Pick<GitCall, 'cwd' | 'env'>,
  files: readonly StagedFile[],
  { skips }: Choice,
): Promise<Examined> {
  const wanted = files.filter(({ path }) => !skips(path))
  const { blobs } = await readBlobs(
    where,
    wanted.map(({ oid }) => oid),
    LARGEST,
  )
  const contents = new Map(blobs.map(({ oid, content }) => [oid, content]))
  const examined: Examined = { found: [], files: 0, left: 0 }
  await lookInto(
    examined,
    wanted.map(({ path, oid }) => ({ path, content: contents.get(oid) })),
  )
  return examined
}

/** Looks into every blob that a ref, a reflog or a stash leads to, each once, under one of its names. */
export async function exposedInHistory(
  root: string,
  { skips }: Choice,
): Promise<Examined & { complete: boolean }> {
  const args = ['rev-list', '--objects', '--all', '--reflog', '--filter=object:type=blob', '--']
  const { status, stdout, partial } = await callGit({ cwd: root, args, limit: 600_000 })
  const named = new Map<string, string>()
  for (const line of fromBytes(stdout).split('\n')) {
    const space = line.indexOf(' ')
    if (space > 0 && !skips(line.slice(space + 1))) named.set(line.slice(0, space), line.slice(space + 1))
  }
  const examined: Examined = { found: [], files: 0, left: 0 }
  const oids = [...named.keys()]
  for (let at = 0; at < oids.length; at += 4 * TOGETHER) {
    const some = oids.slice(at, at + 4 * TOGETHER)
    const { blobs, left } = await readBlobs({ cwd: root, limit: 600_000 }, some, LARGEST)
    // `rev-list` names commits and trees too where it was not told to leave them out.
    examined.left += left.length
    await lookInto(
      examined,
      blobs.map(({ oid, content }) => ({ path: named.get(oid)!, content, object: oid })),
    )
  }
  return { ...examined, complete: status === 0 && !partial }
}

async function lookInto(
  examined: Examined,
  files: readonly { path: string; content: Buffer | undefined; object?: string }[],
): Promise<void> {
  if (files.length === 0) return
  // Loaded only here: it is a megabyte of rules.
  const { findCredentials } = await import('./credentials.ts')
  const found = await Promise.all(
    files.map(async ({ path, content, object }) => {
      if (content === undefined) examined.left++
      else examined.files++
      if (content === undefined) return []
      const credentials = await findCredentials(path, content)
      return credentials.map((one): Exposed => ({
        ...one,
        path,
        ...(object === undefined ? {} : { object }),
      }))
    }),
  )
  examined.found.push(...found.flat())
}
