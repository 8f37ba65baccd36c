import { readFileSync } from 'node:fs'
import { parsePushed, pushedFiles, type PushedFile } from '../../git/hooks/pushed.ts'
import { hookVariables } from '../../git/safe.ts'
import { compileMatcher } from '../../masks/patterns.ts'
import { cannotLook, noPolicy, refusedPush } from '../../ui/hook-words.ts'
import { surveyPolicy } from '../situation.ts'

type Talk = (text: string) => void

/** 1 if a masked file is among what is pushed; fails if the policy is not valid. */
export async function beforePush(env: NodeJS.ProcessEnv, remote: string, talk: Talk): Promise<number> {
  const refs = parsePushed(readInput())
  if (refs.length === 0) return 0
  const root = process.cwd()
  const { policy, loaded } = await surveyPolicy(env)
  if (!loaded.files.some(({ layer }) => layer === 'repo')) talk(`${noPolicy}\n`)
  const files = await pushedFiles({ cwd: root, env: hookVariables(env) }, refs, remote)
  if (files === undefined) {
    talk(`${cannotLook('what is pushed')}\n`)
    return 1
  }
  const matcher = compileMatcher(policy.masks)
  const masked = files.filter(({ path }) => matcher.match(`${root}/${path}`, false) !== undefined)
  if (masked.length === 0) return 0
  for (const line of refusedPush(byPath(masked))) talk(`${line}\n`)
  return 1
}

function byPath(files: readonly PushedFile[]): Map<string, string[]> {
  const commits = new Map<string, string[]>()
  for (const { path, commit } of files) commits.set(path, [...(commits.get(path) ?? []), commit])
  return commits
}

function readInput(): string {
  try {
    return readFileSync(0, 'utf8')
  } catch {
    // Closed: somebody else calls, or a hook before has it.
    return ''
  }
}
