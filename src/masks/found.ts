import type { BigIntStats } from 'node:fs'
import type { MaskRules } from '../policy/types.ts'
import type { Matcher } from './patterns.ts'
import type { ScanEntry, Unreadable } from './scan.ts'
import type { EntryKind, MaskReason } from './types.ts'

export interface MaskInput {
  /** Of the roots, at least the names that `matcher.interesting` wants. */
  scan: { entries: readonly ScanEntry[]; unreadable: readonly Unreadable[] }
  matcher: Matcher
  policy: MaskRules
  /** Absolute, resolved. */
  project: string
  /** The project and what is granted (files or directories), absolute, resolved. */
  roots: readonly string[]
  /** Sources of `policy.substitute`, as written there, that may be shown although they are masked by name. */
  shownSources?: readonly string[] | undefined
  /** What the policy hides, absolute, resolved: nothing in there needs a mask. */
  hidden?: readonly string[] | undefined
  /** Remembers the names of inodes with several, for whoever decides again and again. */
  links?: LinkCache | undefined
}

/** The walk for other names is not repeated while the masked inodes have as many names as they had. */
export interface LinkCache {
  key?: string | undefined
  found: Found[]
}

/** Something to mask, its look not yet decided. */
export interface Found {
  path: string
  entry: EntryKind
  reason: MaskReason
  /** The matching rule's preset: decides whether names can be shown. */
  preset?: string | undefined
  /** Shown instead. */
  substitute?: Substitute | undefined
  stat: BigIntStats
}

/** Absolute, resolved. */
interface Substitute {
  source: string
  identity: { dev: string; ino: string }
}

/** What the steps below share. */
export interface Work extends MaskInput {
  found: Map<string, Found>
  warnings: string[]
}
