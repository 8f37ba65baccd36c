import { fromBytes } from '../host/bytes.ts'
import { callGit, records, type GitCall } from './call.ts'

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
  const base = await headTree(where)
  const args = [
    'diff-index',
    '--cached',
    '-z',
    '--no-renames',
    '--diff-filter=ACMRT',
    '--no-ext-diff',
    base,
    '--',
  ]
  const { status, stdout } = await callGit({ ...where, args })
  return status === 0 ? parseRaw(stdout) : undefined
}

/** HEAD, or before the first commit the empty tree. */
async function headTree(where: Where): Promise<string> {
  const { status } = await callGit({ ...where, args: ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'] })
  if (status === 0) return 'HEAD'
  const { stdout } = await callGit({ ...where, args: ['rev-parse', '--show-object-format'] })
  return stdout.toString('latin1').trim() === 'sha256' ? EMPTY_TREE.sha256 : EMPTY_TREE.sha1
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
