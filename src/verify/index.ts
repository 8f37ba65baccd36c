import { toBytes } from '../host/bytes.ts'
import { assertionChecks } from './assertions.ts'
import { builtInChecks } from './builtin.ts'
import { mountChecks } from './mounts.ts'
import type { Answer, BoxCheck, CheckInput, Verdict } from './types.ts'

/** A check with what came of it. */
export interface Checked extends Pick<BoxCheck, 'id' | 'topic' | 'claim' | 'byHand'>, Verdict {}

/** Every check for this box: the ones of all boxes, of this plan, and the policy's own. Pure. */
export function checksFor(input: CheckInput): BoxCheck[] {
  return [...builtInChecks(input), ...mountChecks(input), ...assertionChecks(input)]
}

/** The questions as the probe reads them. Descriptors first: later questions open some. Pure. */
export function questionsText(checks: readonly BoxCheck[]): string {
  return checks
    .map(({ question: { kind, argument } }, number) => ({ number, kind, argument }))
    .toSorted((a, b) => Number(b.kind === 'descriptors') - Number(a.kind === 'descriptors'))
    .map(({ number, kind, argument }) => `${number} ${kind} ${toBytes(argument).toString('hex')}\n`)
    .join('')
}

/** Judges what the probe printed; an answer that is missing leaves its check unchecked. Pure. */
export function judgeAnswers(checks: readonly BoxCheck[], printed: string): Checked[] {
  const answers = new Map<number, Answer>()
  for (const line of printed.split('\n')) {
    const [number, word, ...values] = line.split(' ')
    if (word !== undefined && /^\d+$/.test(number ?? '')) answers.set(Number(number), { word, values })
  }
  return checks.map(({ id, topic, claim, byHand, judge }, number) => ({
    id,
    topic,
    claim,
    byHand,
    ...judge(answers.get(number) ?? { word: 'none', values: [] }),
  }))
}
