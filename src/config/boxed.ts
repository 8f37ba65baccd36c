import { fromBytes } from '../host/bytes.ts'
import { lstatOf, readRegular, realpathOf } from '../host/files.ts'
import { isWithin, parentOf } from '../host/paths.ts'
import { RC_NAMES } from './find.ts'

/**
 * Why an agent in `dir` (absolute, resolved) is to be in a box: the nearest policy file, or the repository
 * that is under one of the `always` directories; undefined if it need not be. What `shell/shim.sh` decides
 * without Node; never fails, for it is asked about directories of any process.
 */
export function boxWanted(dir: string, state: string): string | undefined {
  for (let at = dir; ; at = parentOf(at)) {
    const found = RC_NAMES.map((name) => (at === '/' ? `/${name}` : `${at}/${name}`)).find(
      (path) => lstatOf(path) !== undefined,
    )
    if (found !== undefined) return found
    if (at === '/') break
  }
  return alwaysBoxed(dir, state)
}

function alwaysBoxed(dir: string, state: string): string | undefined {
  const list = readRegular(`${state}/always`, 1024 * 1024)
  if (list === undefined || list.length === 0) return undefined
  const root = repositoryRoot(dir)
  if (root === undefined) return undefined
  const places = fromBytes(list)
    .split('\n')
    .filter((line) => line.startsWith('/'))
  return places.some((place) => isWithin(root, realpathOf(place) ?? place)) ? root : undefined
}

/** Whatever is called `.git` counts: who looks closer may find a reason to refuse, but not to go unboxed. */
function repositoryRoot(dir: string): string | undefined {
  for (let at = dir; at !== '/'; at = parentOf(at)) if (lstatOf(`${at}/.git`) !== undefined) return at
  return undefined
}
