import { entryText, expandEntry, readEntry, type Entry } from '../network/rules/entry.ts'
import { both, checkText, type Check } from './text.ts'

/** An entry of `network.allow`, `network.deny` or `verify.unreachable`; the forms are in `readEntry`. */
export const checkHost: Check = both(checkText, (text) => {
  const entry = readEntry(text)
  return entry.kind === 'wrong' ? entry.problem : undefined
})

/** Does the rule `wide` already allow all that `entry` does? Both are in their one spelling. */
export function hostCovers(wide: string, entry: string): boolean {
  if (wide === entry) return true
  // What @agent stands for depends on who runs.
  const outer = expandEntry(wide, [])
  const inner = expandEntry(entry, [])
  return inner.length > 0 && inner.every((one) => outer.some((rule) => covers(rule, one)))
}

function covers(wide: Entry, entry: Entry): boolean {
  if (entryText(wide) === entryText(entry)) return true
  if (wide.kind !== 'name' || entry.kind !== 'name' || !wide.below) return false
  // Without a port only the usual ones are meant, so that does not cover an odd one.
  return wide.port === entry.port && `.${entry.name}`.endsWith(`.${wide.name}`) && entry.name !== wide.name
}
