import type { Policy, Sourced } from '../policy/types.ts'
import { isOwn, type Context } from './context.ts'
import { grantAt } from './grants.ts'
import { hostCovers } from './hosts.ts'
import { normalEntry } from '../network/rules/entry.ts'
import { scalarOf, sourcedAt } from './merge.ts'

/** Under `host` everything is reachable, so that a list then is part of a restriction, not a grant. */
export function networkOf(context: Context, base: Policy): Policy['network'] {
  const { layers, gate } = context
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
      const host = normalEntry(text)
      if (allow.some(({ value }) => hostCovers(value, host))) continue
      const free = open || gate.take(layer, grantAt(layer, at, 'network', host))
      if (free) allow.push(sourcedAt(layer, at, host))
    }
    if (layer.rc.network?.mode !== undefined && layer.rc.network.mode !== 'host') open = false
  }
  const deny = layers.flatMap((layer) =>
    (layer.rc.network?.deny ?? []).map((text, index) =>
      sourcedAt(layer, ['network', 'deny', index], normalEntry(text)),
    ),
  )
  return { mode, allow, deny, ports: portsOf(context, 'ports'), expose: portsOf(context, 'expose') }
}

const PORT_WORDS = { ports: 'port', expose: 'expose port' } as const

function portsOf({ layers, gate }: Context, key: 'ports' | 'expose'): Sourced<number>[] {
  const taken: Sourced<number>[] = []
  for (const layer of layers) {
    for (const [index, port] of (layer.rc.network?.[key] ?? []).entries()) {
      const at = ['network', key, index]
      if (taken.some(({ value }) => value === port)) continue
      const grant = grantAt(layer, at, 'network', `${PORT_WORDS[key]} ${port}`)
      if (gate.take(layer, grant)) taken.push(sourcedAt(layer, at, port))
    }
  }
  return taken
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
