import { linkTarget } from '../host/files.ts'
import { parentOf } from '../host/paths.ts'

/** The kernel follows no more. */
const MOST_LINKS = 40

/**
 * Every path that decides what a link leads to: the links on the way, the directories that they name, and
 * the end, whether anything stands there or not. A change of any of them may put another file behind it.
 */
export function pathsBehind(link: string): string[] {
  const out: string[] = []
  let waiting = link.split('/').filter((part) => part !== '')
  let at = '/'
  for (let links = 0; waiting.length > 0 && links <= MOST_LINKS;) {
    const part = waiting.shift()!
    if (part === '.') continue
    if (part === '..') {
      at = parentOf(at)
      continue
    }
    const path = at === '/' ? `/${part}` : `${at}/${part}`
    out.push(path)
    const target = linkTarget(path)
    if (target === undefined) {
      at = path
      continue
    }
    links++
    if (target.startsWith('/')) at = '/'
    waiting = [...target.split('/').filter((piece) => piece !== ''), ...waiting]
  }
  return out
}
