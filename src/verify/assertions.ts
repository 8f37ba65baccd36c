import type { Policy, Sourced } from '../policy/types.ts'
import { shellWord } from '../ui/escape.ts'
import { holdsIf, invisible, verdict } from './judge.ts'
import type { Answer, BoxCheck, CheckInput, Question, Verdict } from './types.ts'

type Key = keyof Policy['verify']

/** The policy's own assertions. Pure. */
export function assertionChecks({ policy, plan }: CheckInput): BoxCheck[] {
  const about = (
    key: Key,
    question: Question['kind'],
    judge: (answer: Answer) => Verdict,
    byHand: (value: string) => string,
  ): BoxCheck[] =>
    policy.verify[key].map(({ value, origin }: Sourced<string>) => ({
      id: `policy:${key}:${value}`,
      topic: 'policy',
      claim: `${value} is ${CLAIMS[key]} (${origin.file ?? 'policy'}${origin.line === undefined ? '' : `:${origin.line}`})`,
      question: { kind: question, argument: question === 'proxy' ? withPort(value) : value },
      judge,
      byHand: byHand(shellWord(value)),
    }))
  const read = (path: string): string => `head -c 100 ${path} || ls ${path}`
  const write = (path: string): string => `test -w ${path} && echo writable`
  const connect = (host: string): string => `curl -sI https://${host}`
  const variable = (name: string): string => `printenv ${name}`
  return [
    ...about('unreadable', 'read', invisible, read),
    ...about('readable', 'read', readable, read),
    ...about(
      'unwritable',
      'write',
      holdsIf(({ word }) => word !== 'writable', 'refused'),
      write,
    ),
    ...about(
      'writable',
      'write',
      holdsIf(({ word }) => word === 'writable', 'writable'),
      write,
    ),
    ...about('unreachable', 'proxy', reach(plan.network, false), connect),
    ...about('reachable', 'proxy', reach(plan.network, true), connect),
    ...about(
      'envAbsent',
      'variable',
      holdsIf(({ word }) => word === 'unset', 'unset'),
      variable,
    ),
    ...about(
      'envPresent',
      'variable',
      holdsIf(({ word }) => word === 'set', 'set'),
      variable,
    ),
  ]
}

const CLAIMS: Record<Key, string> = {
  unreadable: 'not readable',
  readable: 'readable',
  unwritable: 'not writable',
  writable: 'writable',
  unreachable: 'not reachable',
  reachable: 'reachable',
  envAbsent: 'not in the environment',
  envPresent: 'in the environment',
}

function withPort(host: string): string {
  return /:\d+$/.test(host) ? host : `${host}:443`
}

/** An empty file is readable too, unless a mask makes it so: that is what `unreadable` asks. */
const readable = holdsIf(
  ({ word, values }) => (word === 'file' || word === 'directory') && values[0] !== '0',
  'something to read',
)

/** The proxy says 403 for what the policy refuses; anything from 500 on is about the way there. */
function reach(network: CheckInput['plan']['network'], wanted: boolean): (answer: Answer) => Verdict {
  if (network === 'none')
    return () => (wanted ? verdict('failed', 'network.mode is none') : verdict('contained'))
  if (network === 'host') {
    return () =>
      wanted
        ? verdict('unchecked', 'network.mode is host: it depends on this machine')
        : verdict('failed', 'network.mode is host: nothing is refused')
  }
  return ({ values }) => {
    const status = Number(values[0] ?? 0)
    if (status === 0) return verdict('unchecked', 'the proxy of the box did not answer')
    const refused = status === 403
    if (refused !== wanted) {
      const there = !wanted || (status >= 200 && status < 300)
      return there
        ? verdict('contained')
        : verdict('unchecked', `allowed, but not reached from here (${status})`)
    }
    return verdict('failed', refused ? 'the policy refuses it' : `the policy allows it (${status})`)
  }
}
