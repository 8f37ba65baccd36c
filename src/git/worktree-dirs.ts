import { lstatOf, readRegular, realpathOf } from '../host/files.ts'
import { parentOf } from '../host/paths.ts'

const LIMIT = 8192
/** What `git sparse-checkout` writes, and nothing beside it: git obeys this file as it stands. */
const HARMLESS = /^\s*(?:\[(?:core|index)\]|(?:sparsecheckout|sparsecheckoutcone|sparse) = (?:true|false))?$/i

/** Which repository git takes config and hooks from. `other`: not from this one, or with settings beside it. */
export type Belonging = 'own' | 'other' | 'unfinished'

/**
 * A linked worktree's administration, `<own>/worktrees/NAME`. One line in its `commondir` gives git another config,
 * and without that file it is a repository by itself as soon as it has objects.
 */
export function belongingOf(dir: string, own: string): Belonging {
  const stat = lstatOf(dir)
  if (stat === undefined) return 'unfinished'
  if (!stat.isDirectory()) return 'other'
  if (lstatOf(`${dir}/commondir`) === undefined)
    return lstatOf(`${dir}/objects`) === undefined ? 'unfinished' : 'other'
  // git takes away line ends and nothing else: `.. ` is a name, too.
  const common =
    readRegular(`${dir}/commondir`, LIMIT)
      ?.toString('utf8')
      .replace(/[\r\n]+$/, '') ?? ''
  if (common === '') return 'unfinished'
  if (realpathOf(common.startsWith('/') ? common : `${dir}/${common}`) !== own) return 'other'
  return isHarmless(dir, own) ? 'own' : 'other'
}

function isHarmless(dir: string, own: string): boolean {
  if (lstatOf(`${dir}/config.worktree`) === undefined) return true
  const content = readRegular(`${dir}/config.worktree`, LIMIT)
  if (content === undefined) return false
  // `git worktree add` copies it.
  if (readRegular(`${own}/config.worktree`, LIMIT)?.equals(content) === true) return true
  return content
    .toString('latin1')
    .split('\n')
    .every((line) => HARMLESS.test(line))
}

/** Where a `.git` file leads to; undefined if it says nothing. */
export function pointedAt(path: string): string | undefined {
  const pointer = /^gitdir: (.+?)\n*$/s.exec(readRegular(path, LIMIT)?.toString('utf8') ?? '')?.[1]
  if (pointer === undefined) return undefined
  return pointer.startsWith('/') ? pointer : `${parentOf(path)}/${pointer}`
}
