import { lstatOf, namesIn } from '../host/files.ts'
import { modulesOf } from '../protect/git.ts'

/**
 * Git directories of submodules, and links to such. `git submodule update` outside would take one that the box
 * made for what an earlier call had cloned, with the config and the hooks that it has.
 */
export function moduleDirs(commonDir: string): string[] {
  return [...modulesOf(commonDir), ...linksIn(`${commonDir}/modules`, 4)]
}

/** git follows a link to a git directory like the directory. */
function linksIn(path: string, depth: number): string[] {
  const stat = lstatOf(path)
  if (stat?.isSymbolicLink() === true) return [path]
  if (stat?.isDirectory() !== true || depth === 0 || lstatOf(`${path}/HEAD`) !== undefined) return []
  return namesIn(path).flatMap((name) => linksIn(`${path}/${name}`, depth - 1))
}
