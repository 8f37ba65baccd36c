import type { Origin } from '../policy/types.ts'

/** What kind of thing stands at a masked path. `symlink` appears only in reports: its target is masked. */
export type EntryKind = 'file' | 'directory' | 'fifo' | 'socket' | 'device' | 'symlink'

/** Why a path is masked: the pattern, where that pattern is from, and how the path came under it. */
export interface MaskReason {
  pattern: string
  origin: Origin
  /**
   * `name`: the path itself matches; `hard-link`, `symlink-target`: it is the same file as `via`, which
   * matches; `unreadable`: a directory that could not be searched and that its owner, the agent, could
   * open with chmod; `hidden`: the policy hides it.
   */
  by: 'name' | 'hard-link' | 'symlink-target' | 'substitute' | 'unreadable' | 'hidden'
  via?: string | undefined
}

/** What stands inside in place of the file. */
export type MaskLook =
  | { kind: 'empty' }
  /** Names without values; `text` is the whole redacted file. */
  | { kind: 'keys'; text: string }
  /** Mode 0000: opening is refused. */
  | { kind: 'deny' }
  /** An empty read-only directory. */
  | { kind: 'directory' }
  /**
   * Another file of the project, absolute path without symlinks. A box that is running could put a link
   * to anywhere in its place before it is mounted: the identity (device, inode; decimal) tells.
   */
  | { kind: 'substitute'; source: string; identity?: { dev: string; ino: string } | undefined }

export interface Mask {
  /** Absolute, no symlink in it. */
  path: string
  entry: EntryKind
  look: MaskLook
  reason: MaskReason
}
