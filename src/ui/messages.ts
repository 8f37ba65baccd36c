import type { Problem } from '../errors.ts'
import { shown } from './escape.ts'
import { gitWords } from './wording/git.ts'
import { initWords } from './wording/init.ts'
import { liveWords } from './wording/live.ts'
import { policyWords } from './wording/policy.ts'
import { shellWords } from './wording/shells.ts'
import { systemWords } from './wording/system.ts'
import { trustWords } from './wording/trust.ts'
import type { Words } from './wording/words.ts'

/** Every problem's wording. A topic is a file in `wording/`; the type makes sure that none is forgotten. */
const words: Words<Problem['code']> = {
  ...policyWords,
  ...shellWords,
  ...systemWords,
  ...trustWords,
  ...gitWords,
  ...initWords,
  ...liveWords,
}

/** A problem's lines, without what goes before them. What a wording has forgotten to escape is escaped here. */
export function describe(problem: Problem): string[] {
  const lines = (words[problem.code] as (problem: Problem) => string[])(problem)
  return lines.map((line) => shown(line, Number.POSITIVE_INFINITY))
}

/** The whole message, ready for stderr. */
export function render(problem: Problem): string {
  const [first, ...rest] = describe(problem)
  return [`agentbox: ${first}`, ...rest.map((line) => `          ${line}`)]
    .map((line) => `${line}\n`)
    .join('')
}
