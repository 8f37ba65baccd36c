import type { HistoryFinding } from '../../git/history.ts'
import { shellWord } from '../escape.ts'

/** What a finding of `maskedInHistory` means for people; names are not yet escaped for a terminal. Pure. */

export function placesText({ places, commits }: Pick<HistoryFinding, 'places' | 'commits'>): string {
  const short = commits.slice(0, 3).map((commit) => commit.slice(0, 7))
  return `${places.join(', ')}${short.length === 0 ? '' : ` (${short.join(', ')})`}`
}

/** The commands that take it out of git, after the secret has been changed; quoted for a shell. */
export function remedies({ path, places }: Pick<HistoryFinding, 'path' | 'places'>): string[] {
  const name = shellWord(path)
  const has = (...wanted: string[]): boolean => places.some((place) => wanted.includes(place))
  return [
    ...(has('tracked') ? [`git rm --cached -- ${name}, and add it to .gitignore`] : []),
    ...(has('history') ? [`git filter-repo --invert-paths --path ${name}`] : []),
    ...(has('stash') ? ['git stash list, and git stash drop'] : []),
    ...(has('dangling', 'staged') ? ['git reflog expire --expire=now --all && git gc --prune=now'] : []),
  ]
}
