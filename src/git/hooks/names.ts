/** The hooks that agentbox has, and how it knows its own work again. Pure data. */

export const HOOKS = ['post-checkout', 'post-merge', 'post-rewrite', 'pre-commit', 'pre-push'] as const
export type HookName = (typeof HOOKS)[number]

export const MARKER = 'agentbox-hook-v1'
/** Where the hook that was there before waits for its turn. */
export const OLD = '.agentbox-old'

export function isHookName(name: string | undefined): name is HookName {
  return (HOOKS as readonly (string | undefined)[]).includes(name)
}

/** What starts agentbox outside of any shell; absolute. */
export interface Programs {
  node: string
  agentbox: string
}
