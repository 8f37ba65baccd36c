import type { Who } from '../support/who.ts'
import type { Layout } from './project.ts'

/** Every user in every kind of repository. */
export const cases: readonly { who: Who; layout: Layout }[] = [
  { who: 'user', layout: 'plain' },
  { who: 'root', layout: 'plain' },
  { who: 'user', layout: 'worktree' },
  { who: 'root', layout: 'worktree' },
  { who: 'user', layout: 'submodule' },
  { who: 'root', layout: 'submodule' },
]
