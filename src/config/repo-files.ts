import type { PolicyIssue } from '../errors.ts'
import { isWithin, parentOf } from '../host/paths.ts'
import { findExtended, type Extended } from './extends.ts'
import { parsePolicy, type Parsed, type ParsedLayer } from './parse.ts'

/** One file of a repository's policy, read and valid. */
export interface RepoFile {
  layer: ParsedLayer
  bytes: Buffer
}

export interface RepoFiles {
  /** The extended ones first: they are the outer layers. */
  files: RepoFile[]
  /** All that decides what is extended, policies and package.json. */
  steering: string[]
}

/** In a chain, and altogether, of one policy file. */
const DEEPEST = 4
const MOST = 16

/** `findExtended`, or the same in another place than the work tree. */
export type FindExtended = (
  reference: string,
  file: string,
  boundary: string,
) => Extended | string | Promise<Extended | string>

interface Walk {
  find: FindExtended
  /** The repository's own file. */
  under: string
  /** What may be extended lies in here. */
  boundary: string
  files: RepoFile[]
  steering: Set<string>
  done: Set<string>
}

/**
 * Parses a policy file and those it extends, which are about the same directory: a path in a team's file
 * means the repository that extends it. Answers with everything that is wrong in them.
 */
export async function parseWithExtended(
  file: string,
  bytes: Buffer,
  project: string,
  find: FindExtended = findExtended,
): Promise<RepoFiles | { issues: PolicyIssue[] }> {
  const dir = parentOf(file)
  const boundary = isWithin(dir, project) ? project : dir
  const walk: Walk = { find, under: file, boundary, files: [], steering: new Set(), done: new Set() }
  const issues = await visit(file, bytes, [], walk)
  return issues.length > 0 ? { issues } : { files: walk.files, steering: [...walk.steering] }
}

async function visit(file: string, bytes: Buffer, above: string[], walk: Walk): Promise<PolicyIssue[]> {
  const { under } = walk
  walk.done.add(file)
  const parsed = await parsePolicy({
    layer: 'repo',
    file,
    dir: parentOf(under),
    bytes,
    ...(file === under ? {} : { under }),
  })
  if ('issues' in parsed) return parsed.issues
  const issues: PolicyIssue[] = []
  const chain = [...above, file]
  for (const [index, reference] of references(parsed).entries()) {
    const found = await follow(reference, chain, walk)
    if (typeof found === 'string') {
      const key = 'extends'
      issues.push({ ...parsed.layer.place([key, index]), key, problem: `"${reference}" ${found}` })
      continue
    }
    for (const path of found.from) walk.steering.add(path)
    if (!walk.done.has(found.path)) issues.push(...(await visit(found.path, found.bytes, chain, walk)))
  }
  walk.files.push({ layer: parsed.layer, bytes })
  return issues
}

function references({ layer }: Extract<Parsed, { layer: unknown }>): string[] {
  const { extends: said = [] } = layer.rc
  return typeof said === 'string' ? [said] : said
}

async function follow(reference: string, chain: readonly string[], walk: Walk): Promise<Extended | string> {
  const found = await walk.find(reference, chain.at(-1)!, walk.boundary)
  if (typeof found === 'string') return found
  if (chain.includes(found.path)) return 'extends itself in the end'
  if (chain.length > DEEPEST) return `is the end of a chain of more than ${DEEPEST} files`
  return walk.done.size >= MOST ? `would be more than ${MOST} files` : found
}
