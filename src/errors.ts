/**
 * Everything that can go wrong, as data. The wording lives in `ui/messages.ts`; the one catch and the
 * one exit are in `cli.ts`. Throw `fail(...)` and nothing else.
 */

/** A place in a policy file. `line` and `column` count from 1. */
export interface Place {
  file: string
  line?: number | undefined
  column?: number | undefined
}

export interface PolicyIssue extends Place {
  /** The dotted key, such as `filesystem.read`, or undefined for the document as a whole. */
  key?: string | undefined
  /** What is wrong, one clause, no final full stop; text from the file is not yet escaped. */
  problem: string
  /** What to write instead: the nearest valid key, or how to fix it. */
  hint?: string | undefined
}

/** Something that a repository asks for and that makes the box wider. */
export interface Grant extends Place {
  kind: 'read' | 'write' | 'unmask' | 'env' | 'network' | 'ssh' | 'home' | 'protect' | 'names' | 'live'
  /** What is asked for, as the user would recognise it: a path, a pattern, a host, a variable. */
  value: string
  /** The repository's own policy file that this is approved with, if that extends the one it stands in. */
  under?: string | undefined
}

export type Problem =
  | { code: 'usage'; text: string; command?: string }
  | { code: 'policy-invalid'; issues: PolicyIssue[] }
  /** The same of options alone: a mistake in the call. */
  | { code: 'option-invalid'; issues: PolicyIssue[] }
  | { code: 'policy-ambiguous'; files: string[] }
  /** `without`: agentbox's arguments for the same without them. */
  | { code: 'grants-unapproved'; grants: Grant[]; without: string[]; denied?: string | undefined }
  | { code: 'approval-needs-terminal' }
  | { code: 'no-policy'; path: string }
  | { code: 'policy-exists'; path: string }
  | { code: 'trust-unusable'; path: string; reason: string }
  | { code: 'project-refused'; path: string; reason: string; hint: string }
  | { code: 'cwd-gone' }
  | { code: 'bypass-refused'; command: string[]; place?: Place | undefined }
  | { code: 'not-activated' }
  | { code: 'learning-declined' }
  | { code: 'bwrap-missing' }
  | { code: 'bwrap-too-old'; path: string; version: string; needed: string }
  | { code: 'bwrap-untrusted'; path: string; reason: string }
  | { code: 'bwrap-failed'; stderr: string }
  | { code: 'box-too-large'; mounts: number }
  | { code: 'command-too-long'; count: number }
  | { code: 'userns-refused'; by: 'apparmor' | 'sysctl' | 'unknown'; stderr: string }
  | { code: 'arch-unsupported'; arch: string }
  | { code: 'helper-missing'; path: string }
  | { code: 'box-not-joined'; reason: string }
  | { code: 'box-tampered'; path: string; expected: string; found: string }
  | { code: 'scan-failed'; path: string; reason: string }
  | { code: 'command-not-found'; name: string }
  | { code: 'command-not-runnable'; path: string; reason: string }
  | { code: 'hooks-unavailable'; reason: string }
  | { code: 'state-unusable'; path: string; reason: string }
  | { code: 'secret-refused'; path: string; reason: string; hint: string }
  | { code: 'io'; action: string; path: string; reason: string; hint?: string }

export class AgentboxError extends Error {
  readonly problem: Problem

  constructor(problem: Problem, cause?: unknown) {
    super(problem.code, cause === undefined ? undefined : { cause })
    this.name = 'AgentboxError'
    this.problem = problem
  }
}

/** Throws the problem as an `AgentboxError`; the return type lets callers use it in expressions. */
export function fail(problem: Problem, cause?: unknown): never {
  throw new AgentboxError(problem, cause)
}

/** Exit status for a problem: 2 usage, 126 not runnable, 127 not found, 125 every other refusal. */
export function exitStatusOf(problem: Problem): number {
  switch (problem.code) {
    case 'usage':
    case 'option-invalid':
      return 2
    case 'command-not-runnable':
      return 126
    case 'command-not-found':
      return 127
    default:
      return 125
  }
}
