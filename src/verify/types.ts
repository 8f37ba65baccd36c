import type { HostFacts } from '../host/facts.ts'
import type { LaunchPlan } from '../plan/ops.ts'
import type { Policy } from '../policy/types.ts'

/** What is asked of the probe in the box (native/probe.c). */
export interface Question {
  kind:
    | 'read'
    | 'write'
    | 'mounted'
    | 'link'
    | 'word'
    | 'status'
    | 'variable'
    | 'call'
    | 'proxy'
    | 'descriptors'
    | 'interfaces'
    | 'owner'
    | 'typing'
  /** A path, a name, `host:port`; empty where the kind says it all. */
  argument: string
}

/** Its answer: a word and what follows it. `none` if the probe ended before it answered. */
export interface Answer {
  word: string
  values: string[]
}

/**
 * `contained`: the box holds what it claims; `failed`: it does not; `unchecked`: it could not be found out
 * here, which is never counted as contained.
 */
export type State = 'contained' | 'failed' | 'unchecked'

export interface Verdict {
  state: State
  /** What was seen, for `failed` and `unchecked`; not yet escaped. */
  detail: string
}

/** One claim about the box, and how it is put to the test. */
export interface BoxCheck {
  /** Stable: topic and a short name; the path or name that it is about comes after a colon. */
  id: string
  topic: Topic
  claim: string
  question: Question
  judge(answer: Answer): Verdict
  /** What to type in a box started from `agentbox plan`'s script to see the same. */
  byHand: string
}

export const topics = {
  namespaces: 'The box has its own processes, mounts, users, network, names and IPC.',
  privileges: 'Nothing in the box has a capability, can gain one, or can leave its user namespace.',
  kernel: 'System calls that attack the kernel or other processes are refused.',
  mounts: 'Every mount of the plan is there, with the access that it should have.',
  secrets: 'Masked files show what the policy says and nothing else.',
  home: 'What is private in your home is not in the box.',
  environment: 'No variable and no descriptor came in that the policy does not pass.',
  network: 'The network is the one that the policy says.',
  end: 'The box ends with agentbox, however that ends.',
  policy: "The policy's own assertions, under `verify:`.",
} as const

export type Topic = keyof typeof topics

/** What checks are made from. */
export interface CheckInput {
  plan: LaunchPlan
  policy: Policy
  facts: HostFacts
  /** Readings of the host that the answers are compared with. */
  host: HostReadings
}

export interface HostReadings {
  /** `/proc/self/ns/…` of agentbox itself, by name. */
  namespaces: Readonly<Record<string, string>>
  /** Names of directories and files of the home that exist, of those that no box shows. */
  privatePaths: readonly string[]
  /** Size and FNV-1a hash of a file; undefined if it cannot be read. */
  content(path: string): { size: number; hash: string } | undefined
  /** Names of the user's variables. */
  variables: readonly string[]
}
