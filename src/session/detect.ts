import { RC_NAMES } from '../config/find.ts'
import { exposedInTree, type Exposed } from '../git/exposed.ts'
import { nameOf } from '../host/paths.ts'
import { compileList, compileMatcher, literalPattern } from '../masks/patterns.ts'
import { redecided } from './redecide.ts'
import type { Situation } from './situation.ts'

/** Milliseconds; what was not looked into by then is masked by its name only, and the user hears of it. */
const BUDGET = 2000

/**
 * `masks.detect`: what looks like a credential becomes a pattern of the policy, for this one file, so that it
 * is masked, followed and explained like every other.
 */
export async function withDetected(situation: Situation): Promise<Situation> {
  const { policy, project } = situation
  const { root } = project
  const { found, left } = await unmasked(situation, BUDGET)
  const { origin } = policy.masks.detect
  const paths = [...new Set(found.map(({ path }) => path))]
  const patterns = paths.map((path) => ({ value: { pattern: literalPattern(path), base: root }, origin }))
  const note = `masks.detect: there was no time to look into ${left} files, which are masked by name only`
  const notes = left === 0 ? {} : { notes: [...(situation.notes ?? []), note] }
  return redecided({ ...situation, ...notes, detected: patterns }, situation.loaded)
}

/** Files that hold credentials and that no mask covers: for `init` and `doctor` to propose. */
export async function unmasked(
  { policy, project: { root } }: Situation,
  limit: number,
): Promise<{ found: Exposed[]; left: number }> {
  const matcher = compileMatcher(policy.masks)
  // Nobody approves `scan.except`, so a repository's lifts nothing that the user wants.
  const asked = policy.masks.detect.origin.layer
  const scan = policy.scan.except.filter(({ origin }) => origin.layer !== 'repo' || asked === 'repo')
  const excepted = compileList([...policy.masks.except, ...scan])
  const skips = (path: string): boolean =>
    (RC_NAMES as readonly string[]).includes(nameOf(path)) ||
    excepted(`${root}/${path}`) ||
    matcher.match(`${root}/${path}`, false) !== undefined
  return exposedInTree(root, { skips, limit })
}
