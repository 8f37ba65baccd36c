import type { HostFacts } from '../host/facts.ts'
import { isWithin } from '../host/paths.ts'
import type { Mask } from '../masks/types.ts'

/** The box's git settings, of system scope: the repository's own and the agent's go before them. Pure. */
export const ATTRIBUTES_PATH = '/run/agentbox/gitattributes'

/** Who commits, and the filter of `gitAttributes`; nothing else of the user's configuration. */
export function gitSettings({ name, email, lfs, signing }: HostFacts['gitUser'], system: boolean): string {
  const quote = (text: string): string => `"${text.replaceAll(/[\\"]/g, '\\$&').replaceAll(/[\n\0]/g, ' ')}"`
  const lines = system ? ['[include]', '\tpath = /etc/gitconfig'] : []
  lines.push('[user]')
  if (name !== undefined) lines.push(`\tname = ${quote(name)}`)
  if (email !== undefined) lines.push(`\temail = ${quote(email)}`)
  if (signing !== undefined) {
    lines.push(`\tsigningKey = ${quote(`key::${signing.key}`)}`, '[gpg]', '\tformat = ssh')
    lines.push('[commit]', `\tgpgSign = ${signing.commits}`, '[tag]', `\tgpgSign = ${signing.tags}`)
  }
  lines.push('[core]', `\tattributesFile = ${ATTRIBUTES_PATH}`)
  // Worktrees that the box does not show are read-only: `git gc` would fail at their reflogs, or take them for
  // gone and want to remove them.
  lines.push(
    '[gc]',
    '\treflogExpire = never',
    '\treflogExpireUnreachable = never',
    '\tworktreePruneExpire = never',
  )
  // As `git lfs install` writes it, whatever the user's own says. Without it `git add` would commit the content.
  if (lfs === true) {
    lines.push('[filter "lfs"]', '\tclean = git-lfs clean -- %f', '\tsmudge = git-lfs smudge -- %f')
    lines.push('\tprocess = git-lfs filter-process', '\trequired = true')
  }
  // What is masked reads as something else than what was committed. Adding it gives what is in the index, so
  // that `git add -A` does not commit a tracked secret as an empty file.
  lines.push('[filter "agentbox-mask"]', '\tclean = "git cat-file blob :%f 2>/dev/null || cat"')
  return `${lines.join('\n')}\n`
}

/** Puts the filter on every masked file, by its path from the top of the repository. */
export function gitAttributes(masks: readonly Mask[], root: string): string {
  return masks
    .filter(({ path, entry }) => entry === 'file' && isWithin(path, root))
    .map(({ path }) => `"${escapePattern(path.slice(root.length))}" filter=agentbox-mask\n`)
    .join('')
}

/** A path as a pattern that matches only it, inside git's double quotes. */
function escapePattern(path: string): string {
  const literal = path.replaceAll(/[\\*?[]/g, '\\$&')
  return literal
    .replaceAll(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r')
}
