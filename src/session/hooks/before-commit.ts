import { AgentboxError } from '../../errors.ts'
import { exposedIn } from '../../git/exposed.ts'
import { hookVariables } from '../../git/safe.ts'
import { stagedFiles } from '../../git/staged.ts'
import { compileList, compileMatcher, type Matcher } from '../../masks/patterns.ts'
import { cannotLook, notLookedInto, refusedCommit, type MaskedFile } from '../../ui/hook-words.ts'
import { render } from '../../ui/messages.ts'
import { surveyPolicy } from '../situation.ts'

type Talk = (text: string) => void

/** 1 if the commit would bring a secret, by name or by content. git runs it at the top of the work tree. */
export async function beforeCommit(env: NodeJS.ProcessEnv, talk: Talk): Promise<number> {
  const root = process.cwd()
  const where = { cwd: root, env: hookVariables(env) }
  const files = await stagedFiles(where)
  if (files === undefined) {
    talk(`${cannotLook('what is staged')}\n`)
    return 1
  }
  if (files.length === 0) return 0
  const { matcher, excepted } = await rules(env, talk)
  const masked = files.flatMap(({ path, added }): MaskedFile[] => {
    const hit = matcher.match(`${root}/${path}`, false)
    return hit === undefined ? [] : [{ path, added, pattern: hit.pattern, origin: hit.origin }]
  })
  const names = new Set(masked.map(({ path }) => path))
  const skips = (path: string): boolean => names.has(path) || excepted(`${root}/${path}`)
  const { found, left } = await exposedIn(where, files, { skips })
  if (left > 0) talk(`${notLookedInto(left)}\n`)
  if (masked.length === 0 && found.length === 0) return 0
  for (const line of refusedCommit(masked, found)) talk(`${line}\n`)
  return 1
}

interface Rules {
  matcher: Matcher
  /** Files whose content the policy allows. */
  excepted(path: string): boolean
}

/** A policy that cannot be read must be mendable by a commit, so the built-in patterns hold then. */
export async function rules(env: NodeJS.ProcessEnv, talk: Talk): Promise<Rules> {
  try {
    const { policy } = await surveyPolicy(env)
    return { matcher: compileMatcher(policy.masks), excepted: compileList(policy.scan.except) }
  } catch (error) {
    if (!(error instanceof AgentboxError)) throw error
    talk(render(error.problem))
    return { matcher: compileMatcher({ patterns: [], except: [] }), excepted: () => false }
  }
}
