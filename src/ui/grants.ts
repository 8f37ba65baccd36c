import type { ApprovedGrant } from '../config/grants.ts'
import type { Grant, Place } from '../errors.ts'
import { shown } from './escape.ts'
import { table } from './table.ts'

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

/** What somebody is asked to decide about. */
export interface Request {
  /** The project, and the home that paths are shortened by. */
  project: string
  home: string
  pending: readonly Grant[]
  approved: readonly ApprovedGrant[]
  /** From `restrictionWords`. */
  restrictions: readonly string[]
  /** Is this variable, or one with this prefix, set now? */
  isSet: (name: string) => boolean
}

/** `kind`, `value`, `file:line` of each; files below `project` by their way from it. */
export function grantRows(grants: readonly Grant[], project: string): string[][] {
  return grants.map((grant) => [WORDS[grant.kind], shown(grant.value), placeText(grant, project)])
}

export function placeText({ file, line }: Place, project: string): string {
  const near = project !== '' && file.startsWith(`${project}/`) ? file.slice(project.length + 1) : file
  return `${shown(near)}${line === undefined ? '' : `:${line}`}`
}

export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}

/** The difference between what the repository asks for and what it has. */
export function requestText(request: Request): string {
  const { pending, approved, restrictions, project } = request
  const before = approved.length > 0
  const title = before ? 'asks for more than before' : 'asks for more than you give every repository'
  const also = before ? [`  (${counted(approved.length, 'grant')} approved before)\n`] : []
  const restricts = restrictions.length === 0 ? [] : [`\n  It also restricts: ${restrictions.join(', ')}.\n`]
  const rows = pending.map((grant, index) => row(grant, index, request, before))
  return [
    `agentbox  ${shown(shortened(project, request.home))} ${title}:\n\n`,
    indented(table(rows)),
    ...also,
    ...restricts,
    '\n',
  ].join('')
}

function row(
  grant: Grant,
  index: number,
  { pending, project, home, isSet }: Request,
  before: boolean,
): string[] {
  const [[kind = '', , place = ''] = []] = grantRows([pending[index]!], project)
  const path = grant.kind === 'read' || grant.kind === 'write'
  const value = shown(path ? shortened(grant.value, home) : grant.value)
  const set = grant.kind === 'env' && isSet(grant.value) ? ['(set in your shell now)'] : []
  return [before ? `+ ${kind}` : kind, value, place, ...set]
}

export function shortened(path: string, home: string): string {
  return path === home ? '~' : path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}

export function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ')
}
