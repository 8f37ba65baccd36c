import type { MaskLook } from '../masks/types.ts'
import type { LaunchPlan, SandboxOp } from '../plan/ops.ts'

/** Host files that stand in for masks and made-up content; where they are is decided at launch. */
export interface BackingFiles {
  /** An empty regular file, mode 0444. */
  empty: string
  /** An empty regular file, mode 0000. */
  denied: string
  /** The file with this content. */
  content(text: string): string
  /** Options that put a read-only file with this content at a place in the root of the box. */
  made(text: string, dest: string): string[]
}

/**
 * Flags of every box, whatever the policy: all namespaces of its own; no nested user namespace, in which
 * a later mask would not show; no capability; gone when its parent is gone.
 */
export const alwaysFlags: readonly string[] = [
  '--unshare-all',
  '--unshare-user',
  '--disable-userns',
  '--cap-drop',
  'ALL',
  '--die-with-parent',
]

/**
 * bwrap ends at 9000 arguments, and says no more than that; seccomp, the way to the command and the command itself
 * come on top.
 */
export const MOST_OPTIONS = 8900
export const MOST_WITH_COMMAND = 8980

/** The options of `bwrap` for a plan, without seccomp and command. Pure. */
export function bwrapOptions(plan: LaunchPlan, files: BackingFiles): string[] {
  return [
    ...alwaysFlags,
    // The first process of the box is agentbox's own `init`.
    '--as-pid-1',
    ...(plan.network === 'host' ? ['--share-net'] : []),
    ...plan.ops.flatMap((op) => opOptions(op, files)),
    '--chdir',
    plan.cwd,
  ]
}

/** One operation as options. Exported so that every flag can be explained by the operation behind it. */
export function opOptions(op: SandboxOp, files: BackingFiles): string[] {
  switch (op.kind) {
    case 'bind':
      return [op.access === 'ro' ? '--ro-bind' : '--bind', op.source, op.dest]
    case 'symlink':
      return ['--symlink', op.target, op.dest]
    case 'dir':
      return ['--perms', octal(op.mode), '--dir', op.dest]
    case 'tmpfs':
      return [
        '--perms',
        octal(op.mode),
        ...(op.size === undefined ? [] : ['--size', String(op.size)]),
        '--tmpfs',
        op.dest,
      ]
    case 'proc':
      return ['--proc', op.dest]
    case 'dev':
      return ['--dev', op.dest]
    case 'data':
      return files.made(op.content, op.dest)
    case 'given':
      return ['--ro-bind', files.content(op.content), op.dest]
    case 'mask':
      return maskOptions(op.dest, op.look, files)
    case 'remount-ro':
      return ['--remount-ro', op.dest]
  }
}

function maskOptions(dest: string, look: MaskLook, files: BackingFiles): string[] {
  switch (look.kind) {
    case 'empty':
      return ['--ro-bind', files.empty, dest]
    case 'deny':
      return ['--ro-bind', files.denied, dest]
    case 'keys':
      return ['--ro-bind', files.content(look.text), dest]
    case 'substitute':
      return ['--ro-bind', look.source, dest]
    case 'directory':
      return ['--perms', '0555', '--tmpfs', dest, '--remount-ro', dest]
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
