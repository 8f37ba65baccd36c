import type { Credential } from '../policy/types.ts'
import type { Verdict } from './proxy/access.ts'
import type { Rules } from './rules/decide.ts'

/** What a listening socket in the box, or a connection that came by it, is for. */
export type Door = { kind: 'proxy' } | { kind: 'credential'; index: number } | { kind: 'port'; port: number }

/** What a session tells the process that serves its box. With `serve` and `client` comes the socket. */
export type Order =
  | { do: 'begin'; rules: Rules; credentials: readonly Credential[]; home: string; permissive: boolean }
  | { do: 'serve' | 'client'; door: Door }
  /** From now on these rules count, and no other ports, also for what is open. */
  | { do: 'restrict'; rules: Rules; ports: readonly number[] }
  | { do: 'end' }

/** What that process tells the session. */
export type News =
  /** It has begun. */
  | { kind: 'here' }
  | { kind: 'restricted' }
  /** `times`: as often as it was decided so. */
  | { kind: 'verdict'; verdict: Verdict; times: number }
  /** Nothing more will come. */
  | { kind: 'end' }
