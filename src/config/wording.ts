import type * as v from 'valibot'
import type { PolicyIssue } from '../errors.ts'
import { dotted, type DocPath } from './document.ts'
import { keysOf, nearest, nearestKey, type WrongKey } from './keys.ts'
import type { PolicyKind } from './schema-kit.ts'
import { agentNames } from './values.ts'

export function wrongKeyProblem(reason: WrongKey['reason'], key: string): string {
  switch (reason) {
    case 'unknown':
      return `unknown key "${key}"`
    case 'twice':
      return 'stands twice'
    case 'reserved':
      return 'cannot be used as a name'
    case 'list':
      return 'must be a map, not a list'
  }
}

/** What to say beside "unknown key". */
export function hintFor(path: DocPath, kind: PolicyKind): string | undefined {
  const key = dotted(path)
  const last = path.at(-1)
  if (last === '<<') return 'merge keys are not supported: write the values themselves'
  if (last === 'extends') return "it belongs in a repository's file, at its top"
  if (last === '$import' || last === 'include') return 'a policy includes no other file'
  if (path.length === 1 && key.includes('.') && keysOf(kind).some((known) => known.key === key)) {
    return `dots do not nest: write ${key.replaceAll('.', ': {')}: …${'}'.repeat(key.split('.').length - 1)}`
  }
  if (keysOf('user').some((known) => known.key === key && known.kind === 'user-only')) {
    return 'it belongs in your own configuration'
  }
  const guess = nearestKey(key, kind)
  return guess === undefined ? undefined : `did you mean "${guess}"?`
}

const EXPECTED: Record<string, string> = {
  array: 'must be a list',
  string: 'must be text',
  strict_object: 'must be a map of keys',
  record: 'must be a map of names and values',
  boolean: 'must be true or false',
  number: 'must be a number',
}

/** The validator's finding in our words. */
export function valueIssue(
  issue: v.BaseIssue<unknown>,
  path: DocPath,
): Pick<PolicyIssue, 'key' | 'problem' | 'hint'> {
  const key = dotted(path)
  if (issue.input === undefined && issue.kind === 'schema')
    return { key, problem: 'is missing', hint: missing(key) }
  if (issue.kind !== 'schema') return { key, problem: issue.message, hint: nearestAgent(issue, path) }
  if (issue.input === null) return { key, problem: 'has no value', hint: noValueHint(path) }
  if (issue.type === 'literal') return { key, problem: `must be ${issue.expected}` }
  if (issue.type === 'picklist') return { key, problem: oneOf(issue), hint: nearestValue(issue) }
  const hint =
    issue.type === 'string' && ['number', 'boolean'].includes(typeof issue.input)
      ? `quote it: "${issue.received}"`
      : undefined
  return { key, problem: EXPECTED[issue.type] ?? 'must be text or a number', hint }
}

/** A bare `~` is nothing to YAML, and the home to everybody else. */
function noValueHint(path: DocPath): string {
  return typeof path.at(-1) === 'number' ? 'quote it if "~" is meant' : 'give it one, or leave the key out'
}

function missing(key: string): string | undefined {
  return key === 'version' ? 'begin with version: 1' : undefined
}

function choices(issue: v.BaseIssue<unknown>): string[] {
  return [...(issue.expected ?? '').matchAll(/"([^"]*)"/g)].map((match) => match[1]!)
}

function oneOf(issue: v.BaseIssue<unknown>): string {
  return `must be one of ${choices(issue).join(', ')}`
}

function nearestValue(issue: v.BaseIssue<unknown>): string | undefined {
  const guess = typeof issue.input === 'string' ? nearest(issue.input, choices(issue)) : undefined
  return guess === undefined ? undefined : `did you mean "${guess}"?`
}

function nearestAgent(issue: v.BaseIssue<unknown>, path: DocPath): string | undefined {
  if (path[0] !== 'agents' || typeof issue.input !== 'string') return undefined
  const guess = nearest(issue.input, agentNames())
  return guess === undefined ? `known: ${agentNames().join(', ')}` : `did you mean "${guess}"?`
}
