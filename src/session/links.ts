import { fail } from '../errors.ts'
import type { Inside } from './inside.ts'
import { identityOf } from './placing.ts'

/** It stands in what is masked or hidden as a whole. */
const NOT_SHOWN = new Set(['ENOENT', 'ENOTDIR'])

/**
 * A link that decides what is masked or protected could be replaced like any file, and bwrap would follow it: so
 * each is mounted over itself, through no link, before the agent starts. It leads where it led, and stays. Fails with
 * `box-tampered` where another box has put something else there meanwhile.
 */
export async function holdLinks(links: readonly string[], inside: Inside): Promise<void> {
  for (const path of links) {
    const identity = identityOf(path)
    if (identity === undefined) continue
    const { error } = await inside.protect(path, identity)
    if (error !== undefined && !NOT_SHOWN.has(error))
      fail({ code: 'box-tampered', path, expected: 'a link', found: error })
  }
}
