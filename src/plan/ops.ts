import type { MaskLook } from '../masks/types.ts'

/** Device and inode, as decimal strings: what a path was when the plan was made. */
export interface Identity {
  dev: string
  ino: string
}

/**
 * One step of building the box. The order of a list of these is the order of the mounts: a later one
 * covers an earlier one. `why` is a clause for people (scripts' comments, `explain`); text from the
 * repository in it is not yet escaped.
 */
export type SandboxOp =
  | {
      kind: 'bind'
      source: string
      dest: string
      access: 'ro' | 'rw'
      why: string
      /** Set where another box could swap the path between planning and mounting; checked before the agent starts. */
      identity?: Identity | undefined
    }
  | { kind: 'symlink'; target: string; dest: string; why: string }
  | { kind: 'dir'; dest: string; mode: number; why: string }
  | { kind: 'tmpfs'; dest: string; mode: number; /** Bytes. */ size?: number | undefined; why: string }
  | { kind: 'proc'; dest: string; why: string }
  | { kind: 'dev'; dest: string; why: string }
  /** A read-only regular file with this content, made at a place where nobody else can have put anything. */
  | { kind: 'data'; dest: string; content: string; why: string }
  /**
   * The same for a place that an earlier session could write: mounted, so that no link is followed. `own`: made of
   * the user's own file there, which may have keys in it, so that printed forms show that one instead.
   */
  | { kind: 'given'; dest: string; content: string; own: boolean; why: string }
  | { kind: 'mask'; dest: string; look: MaskLook; why: string }
  | { kind: 'remount-ro'; dest: string; why: string }

/** Everything that decides the box, and nothing that depends on the moment of launching it. */
export interface LaunchPlan {
  /** Absolute, resolved: what the box calls the project. */
  project: string
  /** Absolute; inside the project or a granted directory. */
  cwd: string
  /** argv[0] is an absolute path inside the box, or what the user typed if it is resolved inside. */
  argv: string[]
  env: Record<string, string>
  /** Names in `env` that have the user's own value. */
  passed: string[]
  ops: SandboxOp[]
  network: 'none' | 'allow' | 'host'
  limits: { memory?: number | undefined; processes?: number | undefined }
  /** Things that the user should hear about once, not errors. */
  warnings: string[]
}
