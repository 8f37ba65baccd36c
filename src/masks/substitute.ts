import { type BigIntStats, lstatSync } from 'node:fs'
import { fail, type PolicyIssue } from '../errors.ts'
import { fsPath } from '../host/bytes.ts'
import { lstatOf, realpathOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import type { Sourced, Substitution } from '../policy/types.ts'
import type { Work } from './found.ts'

interface Resolved {
  rule: Sourced<Substitution>
  /** Absolute, resolved. */
  target: string
  source: string
}

/**
 * Resolves `masks.substitute` and enters the targets among what is masked. A target that does not exist
 * needs none (a fresh clone has no `.env` yet); everything else that does not fit is an error, since the
 * policy's author counts on it.
 */
export function resolveSubstitutes(work: Work): Resolved[] {
  return work.policy.substitute.flatMap((rule) => {
    const target = realpathOf(rule.value.target)
    if (target === undefined) {
      work.warnings.push(`masks.substitute: ${rule.value.target} does not exist, so nothing stands in for it`)
      return []
    }
    const stat = regularFile(rule, 'target', target, work.project)
    const source = realpathOf(rule.value.source) ?? refuse(rule, `${rule.value.source} does not exist`)
    const { dev, ino } = regularFile(rule, 'source', source, work.project)
    if (source === target) refuse(rule, `${rule.value.source} cannot stand in for itself`)
    const before = work.found.get(target)
    const reason = {
      pattern: withoutPrefix(rule.value.target, work.project),
      origin: rule.origin,
      by: 'substitute',
    } as const
    work.found.set(target, {
      path: target,
      entry: 'file',
      stat,
      preset: before?.preset,
      reason,
      substitute: { source, identity: { dev: `${dev}`, ino: `${ino}` } },
    })
    return [{ rule, target, source }]
  })
}

/**
 * To be asked when all masks are known: a source that is masked itself would be revealed. That the caller
 * was granted to show it counts for this very file only, not for one that a link leads to.
 */
export function checkSources(work: Work, list: Resolved[], isCovered: (path: string) => boolean): void {
  for (const { rule, target, source } of list) {
    if (isCovered(source) || (work.found.has(source) && !isGranted(work, rule, source))) {
      refuse(
        rule,
        `${rule.value.source} is masked or hidden itself`,
        'list it under masks.except, which is a grant',
      )
    }
    if (isCovered(target)) {
      work.warnings.push(
        `masks.substitute: ${rule.value.target} is inside a directory that is masked or hidden as a whole`,
      )
    }
  }
}

function isGranted(work: Work, { value }: Sourced<Substitution>, source: string): boolean {
  if (work.shownSources?.includes(value.source) !== true) return false
  return work.found.get(source)?.reason.by === 'name' && lstatOf(value.source)?.isSymbolicLink() === false
}

function withoutPrefix(path: string, project: string): string {
  return path.startsWith(`${project}/`) ? path.slice(project.length + 1) : path
}

function regularFile(
  rule: Sourced<Substitution>,
  role: 'target' | 'source',
  path: string,
  project: string,
): BigIntStats {
  const named = rule.value[role]
  if (!isWithin(path, project)) refuse(rule, `${named} is not inside the project`)
  const stat = lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false })
  return stat?.isFile() === true ? stat : refuse(rule, `${named} is not a regular file`)
}

function refuse({ origin }: Sourced<Substitution>, problem: string, hint?: string): never {
  const { file = origin.layer, line, column } = origin
  const issue: PolicyIssue = { file, line, column, key: 'masks.substitute', problem, hint }
  return fail({ code: 'policy-invalid', issues: [issue] })
}
