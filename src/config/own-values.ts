import type { Policy, Sourced } from '../policy/types.ts'
import { sourcedAt } from './merge.ts'
import type { ParsedLayer } from './parse.ts'
import { absolutePath } from './paths.ts'
import { trustedGrant } from './trusted.ts'

/** What only the user's and the system's configuration say. `owners`: outermost first. */

/** They name paths from the root or the home only, so that no directory is needed. */
export function ownPaths(
  owners: readonly ParsedLayer[],
  key: 'ceiling' | 'always',
  home: string,
): Sourced<string>[] {
  return owners.flatMap((layer) =>
    (layer.rc[key] ?? []).map((path, index) => sourcedAt(layer, [key, index], absolutePath(path, '/', home))),
  )
}

export function trustOf(owners: readonly ParsedLayer[], home: string): Policy['trust'] {
  const each = <T>(key: 'directories' | 'grants', value: (text: string) => T): Sourced<T>[] =>
    owners.flatMap((layer) =>
      (layer.rc.trust?.[key] ?? []).map((text, index) =>
        sourcedAt(layer, ['trust', key, index], value(text)),
      ),
    )
  return {
    directories: each('directories', (path) => absolutePath(path, '/', home)),
    grants: each('grants', (text) => trustedGrant(text, home)),
  }
}

/** The innermost word, except that nobody takes back a `final` one. */
export function ownValue<K extends 'bypass' | 'quiet'>(
  owners: readonly ParsedLayer[],
  key: K,
  final: (value: Policy[K]['value']) => boolean = () => false,
): Sourced<Policy[K]['value']> | undefined {
  const said = owners.flatMap((layer) => {
    const value = layer.rc[key] as Policy[K]['value'] | undefined
    return value === undefined ? [] : [sourcedAt(layer, [key], value)]
  })
  return said.find(({ value }) => final(value)) ?? said.at(-1)
}
