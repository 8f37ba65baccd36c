import { fail } from '../errors.ts'
import type { LaunchPlan, SandboxOp } from '../plan/ops.ts'
import type { HeldBox } from './launcher.ts'
import { keyOf, makePlacer } from './placing.ts'
import type { Prepared } from './prepare.ts'

/**
 * bwrap reads the whole mount table at each bind, so a thousand of them take seconds, and it takes 9,000 arguments
 * at most. Of what closes parts of the project more than so many are left to the hand in the box (native/join.c).
 */
const MOST = 300

type Closing = Extract<SandboxOp, { kind: 'bind' | 'mask' }>

/** A plan in two parts: what bwrap is to build, and what is to be laid over it before the agent starts. */
export interface PlanParts {
  built: LaunchPlan
  laid: Closing[]
}

export function splitPlan(
  plan: LaunchPlan,
  { survey, pins, readonly }: Pick<Prepared, 'survey' | 'pins' | 'readonly'>,
): PlanParts {
  const covered = [...survey.hidden, ...survey.masks].map(({ path }) => path)
  const places = new Set([...pins, ...readonly, ...covered])
  const closes = (op: SandboxOp): op is Closing =>
    places.has(op.dest) && (op.kind === 'mask' || (op.kind === 'bind' && op.source === op.dest))
  const laid = plan.ops.filter(closes)
  if (laid.length <= MOST) return { built: plan, laid: [] }
  return { built: { ...plan, ops: plan.ops.filter((op) => !closes(op)) }, laid }
}

/**
 * In the plan's own order, which `buildPlan` explains: a pin keeps what is mounted in it. Fails with `box-tampered`
 * where another box has put something else there meanwhile; a secret that is gone needs no mask.
 */
export async function layMounts(laid: readonly Closing[], box: HeldBox): Promise<void> {
  const placer = makePlacer(box)
  const binds = laid.flatMap((op) => (op.kind === 'bind' ? [op] : []))
  const masks = laid.flatMap((op) => (op.kind === 'mask' ? [{ path: op.dest, look: op.look }] : []))
  await Promise.all(binds.map((op) => layBind(op, box)))
  await Promise.all(masks.map((mask) => placer.place(mask)))
}

async function layBind(op: Extract<Closing, { kind: 'bind' }>, { inside }: HeldBox): Promise<void> {
  const { dest, access, identity = { dev: '0', ino: '0' } } = op
  const { error, found } = await (access === 'ro' ? inside.protect : inside.pin)(dest, identity)
  if (error === undefined) return
  const there = error === 'EEXIST' ? keyOf(found) : error
  fail({ code: 'box-tampered', path: dest, expected: keyOf(identity), found: there })
}
