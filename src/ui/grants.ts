import type { Grant, Place } from '../errors.ts'
import { shown } from './escape.ts'

/** Grants in plain words. Everything in them is the repository's text, so all of it is escaped. Pure. */

const WORDS: Record<Grant['kind'], string> = {
  read: 'read',
  write: 'write',
  unmask: 'show secret',
  env: 'env',
  network: 'network',
  ssh: 'ssh',
  home: 'home',
  protect: 'protection',
  names: 'names in secrets',
  live: 'going on unwatched',
}

/** `kind`, `value`, `file:line` of each; files below `project` by their way from it. */
export function grantRows(grants: readonly Grant[], project: string): string[][] {
  return grants.map((grant) => [WORDS[grant.kind], shown(grant.value), placeText(grant, project)])
}

export function placeText({ file, line }: Place, project: string): string {
  const near = project !== '' && file.startsWith(`${project}/`) ? file.slice(project.length + 1) : file
  return `${shown(near)}${line === undefined ? '' : `:${line}`}`
}
