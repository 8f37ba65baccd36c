import { realpathOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import type { MaskInput } from '../masks/found.ts'
import { alsoHiding, compileMatcher } from '../masks/patterns.ts'
import type { Mask } from '../masks/types.ts'
import type { Policy } from '../policy/types.ts'

/** All that decides about masks in a running box, but what is found. */
export type Rules = Omit<MaskInput, 'scan'>

/**
 * What is hidden is covered by its place, whatever the host puts there and whenever; at a launch only what
 * stands there can be.
 */
export function hiding(rules: Rules, { filesystem }: Policy): Rules {
  const { hidden: _, ...others } = rules
  const hidden = filesystem.hide.map((one) => ({ ...one, value: realpathOf(one.value) ?? one.value }))
  const inside = hidden.filter(({ value }) => value !== rules.project && isWithin(value, rules.project))
  return { ...others, matcher: alsoHiding(rules.matcher, inside) }
}

/** The rules of a policy that has become stricter. */
export function rulesUnder(policy: Policy, had: Rules): Rules {
  const matcher = compileMatcher(policy.masks)
  const stays = new Set(policy.masks.substitute.map(({ value }) => value.target))
  // Of no secret: without its substitute the file itself would be seen.
  const substitute = had.policy.substitute.filter(
    ({ value: { target } }) => stays.has(target) || matcher.match(target, false) === undefined,
  )
  return hiding({ ...had, matcher, policy: { ...policy.masks, substitute } }, policy)
}

/** Without what is only hidden: that is no secret of the list. */
export function secretsOf(masks: ReadonlyMap<string, Mask>): ReadonlyMap<string, Mask> {
  if (![...masks.values()].some(({ reason }) => reason.by === 'hidden')) return masks
  return new Map([...masks].filter(([, { reason }]) => reason.by !== 'hidden'))
}
