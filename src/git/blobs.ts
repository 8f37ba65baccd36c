import { callGit, type GitCall } from './call.ts'

export interface Blob {
  oid: string
  content: Buffer
}

type Where = Pick<GitCall, 'cwd' | 'env' | 'limit'>

/** Blobs of at most `largest` bytes by their object names; `left` are those that are larger or missing. */
export async function readBlobs(
  where: Where,
  oids: readonly string[],
  largest: number,
): Promise<{ blobs: Blob[]; left: string[] }> {
  const wanted = [...new Set(oids)]
  if (wanted.length === 0) return { blobs: [], left: [] }
  const sizes = await sizesOf(where, wanted)
  const small = wanted.filter((oid) => (sizes.get(oid) ?? Infinity) <= largest)
  const blobs: Blob[] = []
  for (const some of portions(small, sizes)) blobs.push(...(await contents(where, some)))
  const read = new Set(blobs.map(({ oid }) => oid))
  return { blobs, left: wanted.filter((oid) => !read.has(oid)) }
}

/** Bytes of the blobs that one call reads; git's answer has a limit. */
const AT_ONCE = 32 << 20

function portions(oids: readonly string[], sizes: ReadonlyMap<string, number>): string[][] {
  const out: string[][] = []
  let room = 0
  for (const oid of oids) {
    const size = sizes.get(oid)! + 100
    if (out.length === 0 || size > room) {
      out.push([])
      room = AT_ONCE
    }
    out.at(-1)!.push(oid)
    room -= size
  }
  return out
}

/** Which of the object names exist, and as blobs of what size. */
export async function sizesOf(where: Where, oids: readonly string[]): Promise<Map<string, number>> {
  const input = `${oids.join('\n')}\n`
  const { stdout } = await callGit({ ...where, args: ['cat-file', '--batch-check'], input })
  const found = stdout
    .toString('latin1')
    .split('\n')
    .map((line) => /^([0-9a-f]+) blob (\d+)$/.exec(line))
  return new Map(found.flatMap((match) => (match === null ? [] : [[match[1]!, Number(match[2])]])))
}

async function contents(where: Where, oids: readonly string[]): Promise<Blob[]> {
  const input = `${oids.join('\n')}\n`
  const { stdout } = await callGit({ ...where, args: ['cat-file', '--batch'], input })
  const blobs: Blob[] = []
  for (let at = 0; at < stdout.length;) {
    const end = stdout.indexOf(10, at)
    if (end < 0) break
    const [oid, kind, size] = stdout.toString('latin1', at, end).split(' ')
    if (kind === 'missing') {
      at = end + 1
      continue
    }
    const from = end + 1
    // Cut off.
    if (from + Number(size) > stdout.length) break
    if (kind === 'blob') blobs.push({ oid: oid!, content: stdout.subarray(from, from + Number(size)) })
    at = from + Number(size) + 1
  }
  return blobs
}
