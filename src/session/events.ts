/** What happens in a session, as the journal keeps it. Paths are absolute, surrogate-escaped, not yet escaped. */
export type SessionEvent =
  | { kind: 'started'; project: string; agent: string; command: string[]; network: string; masks: number }
  /**
   * `appeared`: a secret that was not there; `replaced`: its mask was lost with the file that it covered;
   * `policy`: nothing masked it before the policy changed.
   */
  | { kind: 'masked'; path: string; pattern: string; how: 'appeared' | 'replaced' | 'policy' }
  /** The names that a redacted mask shows follow the file. */
  | { kind: 'redacted'; path: string }
  | { kind: 'unmasked'; path: string }
  /** A file that would run or steer outside appeared; `id` names it in `agentbox quarantine`. */
  | { kind: 'quarantined'; path: string; runBy: string; id: string }
  /** The same where the policy says `protect.absent: report`, or where moving it failed. */
  | { kind: 'reported'; path: string; runBy: string }
  /** Something that people run by hand was changed: allowed, and told at the end. */
  | { kind: 'edited'; path: string; runBy: string }
  | {
      kind: 'network'
      decision: 'allowed' | 'refused'
      host: string
      port: number
      /** The entry of the policy that decided, or why none did. */
      rule: string
      via: 'connect' | 'http' | 'socks' | 'port' | 'expose' | 'credential'
      /** As often; once if it is not there. */
      times?: number
    }
  /** The repository has another HEAD; everything is looked at again. */
  | { kind: 'checkout'; head: string }
  /** The policy changed while the session ran. */
  | { kind: 'policy'; file: string; effect: string }
  /** A protection does not work; `part` names it. */
  | { kind: 'degraded'; part: string; reason: string }
  /** `stood`: the box stood still meanwhile. */
  | { kind: 'restored'; part: string; stood?: boolean }
  /** agentbox ended or froze the box, since a protection could not be had back. */
  | { kind: 'stopped'; how: 'stop' | 'freeze' | 'continue'; reason: string }
  /** A command was let run without a box; `wanted` is the policy or the repository that would have it in one. */
  | { kind: 'bypassed'; project: string; command: string[]; wanted: string }
  | { kind: 'ended'; how: string }

/** A line of a journal. `at` is milliseconds since 1970. */
export type JournalLine = SessionEvent & { at: number }
