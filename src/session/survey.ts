import { invalid } from '../config/flags.ts'
import { beyondCeiling, beyondFoundation, type ApprovedGrant } from '../config/grants.ts'
import type { Grant } from '../errors.ts'
import { lstatOf, realpathOf } from '../host/files.ts'
import { isBelow, isWithin } from '../host/paths.ts'
import { compileMatcher } from '../masks/patterns.ts'
import { scanTree, skipVendored, type ScanResult } from '../masks/scan.ts'
import { buildMasks } from '../masks/set.ts'
import { joined } from '../masks/sieve.ts'
import type { MaskInput } from '../masks/found.ts'
import type { Mask } from '../masks/types.ts'
import type { GrantedPath, HiddenPath } from '../plan/stages.ts'
import { originText } from '../policy/origin.ts'
import type { Origin, Policy, Sourced } from '../policy/types.ts'
import { scannedSieve } from '../protect/names.ts'
import { grantsOf } from './grants.ts'
import type { Situation } from './situation.ts'

/** The secrets and protected paths of the project and of what is granted, as they are now. */
export interface Survey {
  scan: ScanResult
  masks: Mask[]
  grants: GrantedPath[]
  hidden: HiddenPath[]
  /** What the repository asks for and nobody approved; nothing of it is in the policy or the masks. */
  pending: Grant[]
  /** What it asks for and has. */
  approved: ApprovedGrant[]
  warnings: string[]
  /** What decided about the masks, to go on deciding with. */
  rules: Omit<MaskInput, 'scan'>
}

export function surveyFiles(situation: Situation): Survey {
  const { policy, project, loaded } = situation
  const grants = grantedPaths(situation)
  checkParts(situation, grants)
  const hidden = existingParts(policy.filesystem.hide, project.root).map(({ path, origin }) => ({
    path,
    directory: lstatOf(path)?.isDirectory() === true,
    why: origin.layer === 'built-in' ? "an agent's log-in" : `hidden by ${originText(origin)}`,
  }))
  const roots = [project.root, ...grants.map(({ path }) => path)]
  const matcher = compileMatcher(policy.masks)
  const interesting = joined(matcher.interesting, scannedSieve)
  const scan = scanTree(roots, { interesting, skip: skipVendored })
  const { pending, approved } = grantsOf(loaded, matcher)
  const rules = {
    matcher,
    policy: withoutPending(policy.masks, pending),
    project: project.root,
    roots,
    hidden: hidden.map(({ path }) => path),
  }
  const { masks, warnings } = buildMasks({ ...rules, scan })
  const all = [...(situation.notes ?? []), ...warnings]
  return { scan, masks, warnings: all, grants, hidden, pending, approved, rules }
}

/** The masks without substitutions that would show a secret: those need an approval. */
function withoutPending(masks: Policy['masks'], pending: readonly Grant[]): Policy['masks'] {
  const asked = new Set(pending.filter(({ kind }) => kind === 'unmask').map(({ value }) => value))
  return { ...masks, substitute: masks.substitute.filter(({ value }) => !asked.has(value.source)) }
}

/** The directories that the box can write to. */
export function writableRoots(project: string, { grants }: Pick<Survey, 'grants'>): string[] {
  return [project, ...grants.flatMap(({ path, access }) => (access === 'rw' ? [path] : []))]
}

/** Granted paths that exist, resolved. Fails with `policy-invalid`, or `option-invalid`, where a link leads beyond the ceiling. */
export function grantedPaths(situation: Situation): GrantedPath[] {
  const { read, write } = situation.policy.filesystem
  const of = (list: readonly Sourced<string>[], kind: 'read' | 'write'): GrantedPath[] =>
    list.flatMap(({ value, origin }) => {
      const path = realpathOf(value)
      if (path === undefined || isWithin(path, situation.project.root)) return []
      checkResolved(kind, value, path, origin, situation)
      return [{ path, access: kind === 'read' ? 'ro' : 'rw', why: `granted by ${originText(origin)}` }]
    })
  const writable = of(write, 'write')
  const both = new Set(writable.map(({ path }) => path))
  return [...of(read, 'read').filter(({ path }) => !both.has(path)), ...writable]
}

/** The ceiling was asked about the path as written; a link may lead beyond it. */
function checkResolved(
  kind: 'read' | 'write',
  value: string,
  path: string,
  origin: Origin,
  { facts: { home }, policy: { ceiling }, dirs }: Situation,
): void {
  const problem =
    origin.layer === 'repo'
      ? beyondCeiling(kind, path, { home, ceiling })
      : beyondFoundation(path, { home, own: Object.values(dirs), ceiling })
  if (problem === undefined) return
  const { file = '', line, column } = origin
  const issue = {
    file,
    line,
    column,
    key: `filesystem.${kind}`,
    problem: `${value} leads to ${path}, which ${problem}`,
  }
  invalid([issue])
}

/** Parts of the project can be closed, parts of a grant cannot: who wants that must not believe that they are. */
function checkParts({ policy: { filesystem }, project }: Situation, grants: readonly GrantedPath[]): void {
  for (const key of ['hide', 'readonly'] as const) {
    for (const { value, origin } of filesystem[key]) {
      const path = realpathOf(value)
      if (path === undefined || isWithin(path, project.root)) continue
      const open = grants.find(
        (grant) => (key === 'hide' || grant.access === 'rw') && isWithin(path, grant.path),
      )
      if (open === undefined) continue
      const { file = '', line, column } = origin
      const problem = `${value} is in ${open.path}, which is ${open.why}: grant its other parts one by one`
      invalid([{ file, line, column, key: `filesystem.${key}`, problem }])
    }
  }
}

/** Restricted parts that exist, resolved; a link out of the project restricts nothing inside. */
export function existingParts(
  list: readonly Sourced<string>[],
  project: string,
): { path: string; origin: Origin }[] {
  return list.flatMap(({ value, origin }) => {
    const path = realpathOf(value)
    return path !== undefined && isBelow(path, project) ? [{ path, origin }] : []
  })
}
