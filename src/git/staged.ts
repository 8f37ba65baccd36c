import { fromBytes } from '../host/bytes.ts'
import { callGit, records, type GitAnswer, type GitCall } from './call.ts'

/** A regular file in the index that differs from HEAD. */
export interface StagedFile {
  /** From the top of the work tree; surrogate-escaped. */
  path: string
  oid: string
  /** Not in HEAD. */
  added: boolean
}

type Where = Pick<GitCall, 'cwd' | 'env'>

const EMPTY_TREE = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
}

/** What the next commit would bring, without deletions, links and submodules. Undefined if git cannot tell. */
export async function stagedFiles(where: Where): Promise<StagedFile[] | undefined> {
  const { status, stdout } = await difference(where, 'HEAD')
  if (status === 0) return parseRaw(stdout)
  // Before the first commit there is no HEAD; asked only then, since git waits for us at every commit.
  const head = await callGit({ ...where, args: ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'] })
  if (head.status !== 1) return undefined
  const format = await callGit({ ...where, args: ['rev-parse', '--show-object-format'] })
  const sha256 = format.stdout.toString('latin1').trim() === 'sha256'
  const first = await difference(where, sha256 ? EMPTY_TREE.sha256 : EMPTY_TREE.sha1)
  return first.status === 0 ? parseRaw(first.stdout) : undefined
}

function difference(where: Where, base: string): Promise<GitAnswer> {
  const options = ['--cached', '-z', '--no-renames', '--diff-filter=ACMRT', '--no-ext-diff']
  return callGit({ ...where, args: ['diff-index', ...options, base, '--'] })
}

/** `:old-mode new-mode old-oid new-oid status NUL path NUL`. */
export function parseRaw(stdout: Buffer): StagedFile[] {
  const parts = records(stdout)
  const files: StagedFile[] = []
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [, mode, , oid, status] = parts[at]!.toString('latin1').split(' ')
    if (mode === '100644' || mode === '100755') {
      files.push({ path: fromBytes(parts[at + 1]!), oid: oid!, added: status === 'A' })
    }
  }
  return files
}
