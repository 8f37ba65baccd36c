import { isWithin } from '../host/paths.ts'
import { BUILT_IN } from '../policy/baseline.ts'
import type { Policy, Sourced } from '../policy/types.ts'
import { partsDir, type Context } from './context.ts'
import { beyondCeiling, beyondFoundation, grantAt, type GrantedPath, type Limits } from './grants.ts'
import { scalarOf, sourcedAt } from './merge.ts'
import { absolutePath } from './paths.ts'

export function filesystemOf(
  context: Context,
  base: Policy,
  ceiling: Sourced<string>[],
): Policy['filesystem'] {
  const { layers, input, gate } = context
  const parts = (key: 'readonly' | 'hide') => restrictedParts(context, key)
  const logins = (input.logins ?? []).map((value) => ({ value, origin: BUILT_IN }))
  const [readonly, hide] = [parts('readonly'), [...parts('hide'), ...logins]]
  const limits = { home: input.home, ceiling, own: input.own ?? [] }
  const write = grantedPaths(context, 'write', limits, { against: [...hide, ...readonly], given: [] })
  const read = grantedPaths(context, 'read', limits, { against: hide, given: write })
  return {
    read,
    write,
    readonly,
    hide,
    home: scalarOf(
      layers,
      ['filesystem', 'home'],
      ['ephemeral', 'private'],
      base.filesystem.home,
      gate,
      'home',
    ),
  }
}

/** What would restrict nothing is refused: somebody believes that it does. */
function restrictedParts({ layers, input, gate }: Context, key: 'readonly' | 'hide'): Sourced<string>[] {
  return layers.flatMap((layer) =>
    (layer.rc.filesystem?.[key] ?? []).map((text, index) => {
      const at = ['filesystem', key, index]
      const path = absolutePath(text, partsDir(layer, input), input.home)
      const whole = key === 'hide' ? 'hide the whole project' : 'make the whole project read-only'
      const problem = isWithin(input.project, path)
        ? `would ${whole}: name its parts`
        : layer.layer === 'flag' && !isWithin(path, input.project)
          ? 'is not in this project'
          : undefined
      if (problem !== undefined)
        gate.refuse({ ...layer.place(at), key: `filesystem.${key}`, problem: `"${text}" ${problem}` })
      return sourcedAt(layer, at, path)
    }),
  )
}

/**
 * The paths of all layers. Left out without a question: what the project or an earlier layer gives
 * already, and what a restriction covers (it would win anyway).
 */
function grantedPaths(
  { layers, input, gate }: Context,
  kind: GrantedPath,
  limits: Limits,
  { against, given }: { against: Sourced<string>[]; given: Sourced<string>[] },
): Sourced<string>[] {
  const taken: Sourced<string>[] = []
  for (const layer of layers) {
    for (const [index, text] of (layer.rc.filesystem?.[kind] ?? []).entries()) {
      const at = ['filesystem', kind, index]
      const path = absolutePath(text, layer.dir, input.home)
      const problem =
        layer.layer === 'repo' ? beyondCeiling(kind, path, limits) : beyondFoundation(path, limits)
      if (problem !== undefined) {
        gate.refuse({ ...layer.place(at), key: `filesystem.${kind}`, problem: `"${text}" ${problem}` })
        continue
      }
      const had = [...taken, ...given].some(({ value }) => isWithin(path, value))
      const void_ = isWithin(path, input.project) || against.some(({ value }) => isWithin(path, value))
      if (had || (layer.layer === 'repo' && void_)) continue
      if (gate.take(layer, grantAt(layer, at, kind, path))) taken.push(sourcedAt(layer, at, path))
    }
  }
  return taken
}
