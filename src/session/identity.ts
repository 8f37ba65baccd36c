import { statSync } from 'node:fs'
import { fail } from '../errors.ts'
import { fsPath } from '../host/bytes.ts'
import { lstatOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import type { Identity, LaunchPlan, SandboxOp } from '../plan/ops.ts'
import { keyOf } from './placing.ts'

/**
 * Between planning and mounting, an agent in another box of this repository could replace a directory by a
 * link to somewhere it must not see, and bwrap would follow it. So what is bound onto itself inside
 * something writable is noted here …
 */
export function noteIdentities(plan: LaunchPlan, writable: readonly string[]): LaunchPlan {
  const ops = plan.ops.map((op) => {
    if (op.kind !== 'bind' || op.source !== op.dest) return op
    if (!writable.some((dir) => isWithin(op.source, dir))) return op
    const stat = lstatOf(op.source)
    if (stat === undefined || stat.isSymbolicLink()) {
      return fail({
        code: 'box-tampered',
        path: op.source,
        expected: 'a file or directory',
        found: 'a link or nothing',
      })
    }
    return { ...op, identity: { dev: String(stat.dev), ino: String(stat.ino) } }
  })
  return { ...plan, ops }
}

/** … and compared with what the box really has there, before the agent starts. `pid` is in the box. */
export function checkIdentities(plan: LaunchPlan, pid: number): void {
  const masked = plan.ops.filter((op) => op.kind === 'mask').map((op) => op.dest)
  for (const op of plan.ops) {
    const expected = expectedAt(op)
    // A mask on it or above it is mounted later: that is what stands there then.
    if (expected === undefined || (op.kind === 'bind' && masked.some((dest) => isWithin(op.dest, dest))))
      continue
    const found = identityAt(`/proc/${pid}/root${op.dest}`)
    if (found?.dev !== expected.dev || found.ino !== expected.ino) {
      fail({ code: 'box-tampered', path: op.dest, expected: text(expected), found: text(found) })
    }
  }
}

function expectedAt(op: SandboxOp): Identity | undefined {
  if (op.kind === 'bind') return op.identity
  return op.kind === 'mask' && op.look.kind === 'substitute' ? op.look.identity : undefined
}

function identityAt(path: string): Identity | undefined {
  try {
    const stat = statSync(fsPath(path))
    return { dev: String(stat.dev), ino: String(stat.ino) }
  } catch {
    return undefined
  }
}

function text(identity: Identity | undefined): string {
  return identity === undefined ? 'nothing' : keyOf(identity)
}
