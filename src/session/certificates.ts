import { lstatOf, realpathOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import { certificateFiles } from '../policy/env.ts'
import type { Situation } from './situation.ts'

/** Those of the user's own outside of what the box shows anyway, as the variables spell them. */
export function certificatesOf(situation: Situation): string[] {
  return filesNamedBy(certificateFiles, situation)
}

/** Existing files that variables name, and that nothing else shows. */
export function filesNamedBy(variables: readonly string[], { env, facts, project }: Situation): string[] {
  const shown = [...facts.system, ...facts.etc].map(({ path }) => path).concat(project.root)
  const named = variables.flatMap((name) => env[name] ?? [])
  return [...new Set(named)].filter(
    (path) =>
      path.startsWith('/') &&
      isNormal(path) &&
      !shown.some((top) => isWithin(path, top)) &&
      lstatOf(realpathOf(path) ?? path)?.isFile() === true,
  )
}

function isNormal(path: string): boolean {
  return !/\/(?:\.{0,2})(?:\/|$)/.test(path)
}
