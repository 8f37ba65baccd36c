import type { Policy, Sourced } from '../policy/types.ts'
import { shown } from './escape.ts'
import { indented, placeText, shortened } from './grants.ts'
import { table } from './table.ts'

/** The whole box that a policy makes, for somebody who decides about it. Pure. */
export function boxText(
  { filesystem, masks, network, env, ssh }: Policy,
  project: string,
  home: string,
): string {
  const path = (text: string): string => shown(shortened(text, home))
  const rows = <T>(name: string, list: readonly Sourced<T>[], show: (value: T) => string): string[][] =>
    list.map(({ value, origin }) => [name, show(value), from(origin, project)])
  const all = [
    ['project', path(project), 'read and write'],
    ...rows('write', filesystem.write, path),
    ...rows('read', filesystem.read, path),
    ...rows('hidden', filesystem.hide, path),
    ...rows('read-only', filesystem.readonly, path),
    ...rows('home', [filesystem.home], (value) => value),
    ...rows('masked too', masks.patterns, ({ pattern }) => shown(pattern)),
    ...rows('shown', masks.except, ({ pattern }) => shown(pattern)),
    ...rows('replaced', masks.substitute, ({ target, source }) => `${path(target)} by ${path(source)}`),
    ...rows('masks look', [masks.show], (value) => value),
    ...rows('network', [network.mode], (value) => value),
    ...rows('host', network.mode.value === 'allow' ? network.allow : [], (value) => shown(value)),
    ...rows('env', env.pass, (value) => shown(value)),
    ...rows('env set', env.set, ({ name, value }) => shown(`${name}=${value}`)),
    ...rows('ssh', [ssh], (value) => value),
  ]
  return `${indented(table(all))}\n`
}

function from({ file, line, layer }: Sourced<unknown>['origin'], project: string): string {
  if (file === undefined) return layer === 'built-in' ? 'built in' : layer
  return placeText({ file, line }, project)
}
