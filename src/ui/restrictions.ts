import type { Policy, Sourced } from '../policy/types.ts'
import { shown } from './escape.ts'

/** What the repository's own files take away, each in a few words; escaped. Pure. */
export function restrictionWords(policy: Policy, project: string): string[] {
  const { filesystem, masks, network, ssh, limits, live, protect, enforce } = policy
  const near = (path: string): string =>
    shown(path === project ? '.' : path.startsWith(`${project}/`) ? path.slice(project.length + 1) : path)
  const list = (verb: string, all: readonly Sourced<string>[], show: (text: string) => string): string[] => {
    const own = all.filter(isRepo).map(({ value }) => show(value))
    return own.length === 0 ? [] : [`${verb} ${some(own)}`]
  }
  const single = (name: string, one: Sourced<string | number | boolean> | undefined): string[] =>
    one !== undefined && isRepo(one) ? [`${name} ${shown(String(one.value))}`] : []
  return [
    ...list('hides', filesystem.hide, near),
    ...list('makes read-only', filesystem.readonly, near),
    ...list(
      'masks',
      masks.patterns.map(({ value, origin }) => ({ value: value.pattern, origin })),
      (text) => shown(text),
    ),
    ...single('masks look:', masks.show),
    ...single('home:', filesystem.home),
    ...single('network:', network.mode),
    ...single('ssh:', ssh),
    ...single('unwatched:', live.onFailure),
    ...single('protection:', protect.absent),
    ...single('memory', limits.memory),
    ...single('processes', limits.processes),
    ...single('/tmp', limits.tmp),
    ...single('enforce:', enforce),
  ]
}

function isRepo({ origin }: Sourced<unknown>): boolean {
  return origin.layer === 'repo'
}

/** Enough of a list for one line. */
function some(words: readonly string[]): string {
  const MOST = 6
  const rest = words.length - MOST
  return rest > 0 ? `${words.slice(0, MOST).join(', ')} and ${rest} more` : words.join(', ')
}
