import { fromBytes } from '../../host/bytes.ts'
import { callGit, records, type GitCall } from '../call.ts'

/** A line of what git tells the pre-push hook. */
export interface PushedRef {
  local: string
  remote: string
}

const NOTHING = /^0+$/

/** `<local ref> <local oid> <remote ref> <remote oid>`, without deletions. Pure. */
export function parsePushed(input: string): PushedRef[] {
  return input.split('\n').flatMap((line) => {
    const [, local = '', , remote = ''] = line.split(' ')
    return /^[0-9a-f]{40,64}$/.test(local) && !NOTHING.test(local) ? [{ local, remote }] : []
  })
}

export interface PushedFile {
  /** From the top of the work tree. */
  path: string
  commit: string
}

/** Files that the commits to be pushed add or change and the remote has not got. */
export async function pushedFiles(
  where: Pick<GitCall, 'cwd' | 'env'>,
  refs: readonly PushedRef[],
  remote: string,
): Promise<PushedFile[] | undefined> {
  if (refs.length === 0) return []
  const known = await knownOf(where, refs)
  // What an earlier push brought is not this push's business.
  const has = [...known, `--remotes=${remote}`]
  const format = 'log -z --name-only --no-renames --diff-filter=AM -c --root --no-ext-diff --no-textconv'
  const args = [
    ...format.split(' '),
    '--format=\u0001%H',
    ...refs.map(({ local }) => local),
    '--not',
    ...has,
    '--',
  ]
  const { status, stdout } = await callGit({ ...where, args, limit: 60_000 })
  if (status !== 0) return undefined
  let commit = ''
  return records(stdout).flatMap((record) => {
    const text = fromBytes(record).replace(/^\n+/, '')
    if (text.startsWith('\u0001')) commit = text.slice(1).trim()
    return text.startsWith('\u0001') || text === '' ? [] : [{ path: text, commit }]
  })
}

/** The remote's own commits may not be here. */
async function knownOf(where: Pick<GitCall, 'cwd' | 'env'>, refs: readonly PushedRef[]): Promise<string[]> {
  const oids = refs.map(({ remote }) => remote).filter((oid) => !NOTHING.test(oid))
  if (oids.length === 0) return []
  const { stdout } = await callGit({
    ...where,
    args: ['cat-file', '--batch-check'],
    input: `${oids.join('\n')}\n`,
  })
  return [...stdout.toString('latin1').matchAll(/^([0-9a-f]+) commit /gm)].map(([, oid]) => oid!)
}
