import type { Grant } from '../errors.ts'
import type { Exposed } from '../git/exposed.ts'
import { literalPattern } from '../masks/patterns.ts'
import { originText } from '../policy/origin.ts'
import type { Origin } from '../policy/types.ts'
import { shellWord, shown } from './escape.ts'

/** What the git hooks say, line by line. Pure; no secret ever gets here. */

export interface MaskedFile {
  path: string
  /** HEAD has no such file. */
  added: boolean
  pattern: string
  origin: Origin
}

const HEAD = 'agentbox: '
const INDENT = '          '

export function refusedCommit(masked: readonly MaskedFile[], found: readonly Exposed[]): string[] {
  const count = masked.length + new Set(found.map(({ path }) => path)).size
  const files = count === 1 ? 'a file that holds' : `${count} files that hold`
  return [
    `${HEAD}no commit: ${files} secrets`,
    ...masked.flatMap(maskedLines),
    ...found.flatMap(contentLines),
    ...(found.length === 0
      ? []
      : [`${INDENT}a false alarm? put the comment "agentbox: allow-secret" on the line or above it`]),
    `${INDENT}commit all the same: git commit --no-verify`,
  ]
}

function maskedLines({ path, added, pattern, origin }: MaskedFile): string[] {
  const command = added ? 'git rm --cached --quiet --' : 'git restore --staged --'
  return [
    `${INDENT}${shown(path)}   masked by "${shown(pattern)}" (${shown(originText(origin))})`,
    `${INDENT}  unstage it: ${command} ${shown(shellWord(pathspec(path)))}`,
    `${INDENT}  no secret?  masks.except: [${shown(JSON.stringify(literalPattern(path)))}] in .agentboxrc, then: agentbox allow`,
  ]
}

/** The file from the top of the work tree, whatever its name and wherever the user is. */
function pathspec(path: string): string {
  // Behind `:/` git takes most signs for more magic.
  return /^[A-Za-z0-9.][^*?[\\]*$/.test(path) ? `:/${path}` : `:(top,literal)${path}`
}

function contentLines({ path, line, what, rule }: Exposed): string[] {
  return [`${INDENT}${shown(path)}:${line}   ${what} (${rule})`]
}

export function refusedPush(masked: ReadonlyMap<string, readonly string[]>): string[] {
  const files = [...masked].map(([path, commits]) => {
    const short = commits.slice(0, 3).map((commit) => commit.slice(0, 10))
    const more = commits.length > 3 ? ` and ${commits.length - 3} more` : ''
    return `${INDENT}${shown(path)}   in ${short.join(' ')}${more}`
  })
  return [
    `${HEAD}no push: these commits bring masked files`,
    ...files,
    `${INDENT}take them out: git rebase -i, or git filter-repo --invert-paths --path FILE; docs/git.md`,
    `${INDENT}and change the secrets if they have been anywhere else`,
    `${INDENT}no secret? masks.except in .agentboxrc, then: agentbox allow · push all the same: git push --no-verify`,
  ]
}

export function changedPolicy(
  news: readonly Grant[],
  files: readonly { path: string; layer: string }[],
  project: string,
): string[] {
  const names = files.filter(({ layer }) => layer === 'repo').map(({ path }) => relative(path, project))
  const what = names.length === 0 ? 'the policy is gone' : `${names.join(', ')} changed`
  if (news.length === 0) return [`agentbox  ${what}; it asks for no new grant`]
  const grants = news.length === 1 ? '1 new grant' : `${news.length} new grants`
  return [
    `agentbox  ${what} and asks for ${grants}:`,
    ...news.map(({ kind, value, file, line }) => {
      const place = `${relative(file, project)}${line === undefined ? '' : `:${line}`}`
      return `  + ${kind.padEnd(8)} ${shown(value)}   ${place}`
    }),
    '  review: agentbox allow --show',
  ]
}

export const noPolicy = 'agentbox  this repository has no .agentboxrc: the built-in masks were checked'

export function notLookedInto(count: number): string {
  const files = count === 1 ? '1 staged file was' : `${count} staged files were`
  return `agentbox  ${files} not looked into for credentials: larger than 1 MB`
}

export function cannotLook(what: string): string {
  return `${HEAD}git cannot tell ${what}, so nothing was checked; AGENTBOX=0 skips this hook`
}

function relative(path: string, project: string): string {
  return shown(path.startsWith(`${project}/`) ? path.slice(project.length + 1) : path)
}
