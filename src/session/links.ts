import type { Inside } from './inside.ts'
import { identityOf } from './placing.ts'

/**
 * A link that decides what is masked or protected can be replaced like any file, and bwrap would follow it: so
 * each is mounted over itself, through no link, before the agent starts. It leads where it led, and stays. What
 * an older kernel refuses is told if it happens (`planted.ts`).
 */
export async function holdLinks(links: readonly string[], inside: Inside): Promise<void> {
  for (const path of links) {
    const identity = identityOf(path)
    if (identity !== undefined) await inside.protect(path, identity)
  }
}
