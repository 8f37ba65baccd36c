import type { Policy, Sourced } from '../policy/types.ts'
import { isOwn, type Context } from './context.ts'
import { grantAt } from './grants.ts'
import { hostCovers } from './hosts.ts'
import { scalarOf, sourcedAt } from './merge.ts'

/** Under `host` everything is reachable, so that a list then is part of a restriction, not a grant. */
export function networkOf({ layers, gate }: Context, base: Policy): Policy['network'] {
  const order = ['none', 'allow', 'host'] as const
  const mode = scalarOf(layers, ['network', 'mode'], order, base.network.mode, gate, 'network', 'mode: ')
  const allow = [...base.network.allow]
  let open = base.network.mode.value === 'host'
  // The user cannot open what the administrator closed.
  let said = false
  for (const layer of layers) {
    if (isOwn(layer) && layer.rc.network?.mode !== undefined) {
      open = layer.rc.network.mode === 'host' && (open || !said)
      said = true
    }
    for (const [index, text] of (layer.rc.network?.allow ?? []).entries()) {
      const at = ['network', 'allow', index]
      const host = text.toLowerCase()
      if (allow.some(({ value }) => hostCovers(value, host))) continue
      const free = open || gate.take(layer, grantAt(layer, at, 'network', host))
      if (free) allow.push(sourcedAt(layer, at, host))
    }
    if (layer.rc.network?.mode !== undefined && layer.rc.network.mode !== 'host') open = false
  }
  return { mode, allow }
}

export function passOf({ layers, gate }: Context): Sourced<string>[] {
  const taken: Sourced<string>[] = []
  for (const layer of layers) {
    for (const [index, name] of (layer.rc.env?.pass ?? []).entries()) {
      const at = ['env', 'pass', index]
      if (taken.some(({ value }) => passCovers(value, name))) continue
      if (gate.take(layer, grantAt(layer, at, 'env', name))) taken.push(sourcedAt(layer, at, name))
    }
  }
  return taken
}

export function passCovers(wide: string, name: string): boolean {
  return wide === name || (wide.endsWith('*') && name.startsWith(wide.slice(0, -1)))
}
