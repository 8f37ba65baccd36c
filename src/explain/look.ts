import { lstatSync, type Stats } from 'node:fs'
import { fsPath } from '../host/bytes.ts'
import type { HostFacts } from '../host/facts.ts'
import { linkTarget } from '../host/files.ts'
import type { Placeholder } from '../protect/paths.ts'
import type { HostEntry, Look } from './view.ts'

/**
 * Looks at the host with the eyes of the box's user, who has this uid, these groups and no capability: root in
 * a box is kept out by permissions like anybody else.
 */
export function hostLook({ uid, gid }: HostFacts, placeholders: readonly Placeholder[]): Look {
  const groups = new Set([gid, ...process.getgroups!()])
  return (path) => {
    const stat = statOf(path)
    if (stat === undefined) {
      // A launch makes it.
      const made = placeholders.find((placeholder) => placeholder.path === path)
      return (
        made && { kind: made.kind, readable: true, writable: true, searchable: made.kind === 'directory' }
      )
    }
    const may = (bit: number): boolean => {
      const shift = stat.uid === uid ? 6 : groups.has(stat.gid) ? 3 : 0
      return ((stat.mode >> shift) & bit) !== 0
    }
    return {
      kind: kindOf(stat),
      link: linkTarget(path),
      readable: may(4),
      writable: may(2),
      searchable: may(1),
    }
  }
}

function kindOf(stat: Stats): HostEntry['kind'] {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'directory'
  return stat.isSymbolicLink() ? 'symlink' : 'other'
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(fsPath(path), { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
