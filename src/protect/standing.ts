import { lstatOf } from '../host/files.ts'
import { parentOf } from '../host/paths.ts'
import { isProtected } from './names.ts'
import { posesAsRepository, steeringParts } from './repositories.ts'

/** What a scan met that would run outside: under protected names, and what makes and steers repositories. */
export function standing(entries: readonly { path: string; kind: string }[]): string[] {
  const names = entries.flatMap(({ path, kind }) => (isProtected(path, kind === 'symlink') ? [path] : []))
  const repositories = new Set(entries.map(({ path }) => parentOf(path)))
  return [...names, ...[...repositories].filter(posesAsRepository).flatMap(partsOf)]
}

function partsOf(dir: string): string[] {
  return ['HEAD', ...steeringParts]
    .map((name) => `${dir}/${name}`)
    .filter((path) => lstatOf(path) !== undefined)
}
