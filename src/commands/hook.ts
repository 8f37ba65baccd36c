import { fail } from '../errors.ts'
import { isHookName } from '../git/hooks/names.ts'
import { afterChange } from '../session/hooks/after-change.ts'
import { beforeCommit } from '../session/hooks/before-commit.ts'
import { beforePush } from '../session/hooks/before-push.ts'
import { refusesAgent } from '../session/hooks/enforce.ts'
import type { Call, Command } from './types.ts'

/** What git's hooks call (hooks/hook.sh). It has a bundle of its own: git waits for it. */
export const hook: Command = {
  name: 'hook',
  usage: 'NAME [ARGUMENTS]',
  summary: 'What the git hooks run: agentbox hooks installs them',
  options: {},
  hidden: true,
  takesCommand: true,
  examples: ['agentbox hook pre-commit'],
  run: runHook,
}

async function runHook({ env, positionals, talk }: Call): Promise<number> {
  const [name, ...args] = positionals
  if (!isHookName(name)) fail({ code: 'usage', text: `there is no hook "${name ?? ''}"`, command: 'hook' })
  if (env['AGENTBOX'] === '0') return 0
  switch (name) {
    case 'pre-commit':
      return (await refusesAgent(env, talk)) ? 1 : beforeCommit(env, talk)
    case 'pre-push':
      return (await refusesAgent(env, talk)) ? 1 : beforePush(env, args[0] ?? 'origin', talk)
    case 'post-checkout':
      await afterChange(env, talk, args)
      return 0
    case 'post-merge':
    case 'post-rewrite':
      await afterChange(env, talk)
      return 0
  }
}
