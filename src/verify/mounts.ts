import type { MaskLook } from '../masks/types.ts'
import type { SandboxOp } from '../plan/ops.ts'
import { shellWord } from '../ui/escape.ts'
import { fnv } from './hash.ts'
import { holdsIf, verdict } from './judge.ts'
import type { Answer, BoxCheck, CheckInput, Verdict } from './types.ts'

/** A check for every step of the plan that protects something. Pure. */
export function mountChecks({ plan, host }: CheckInput): BoxCheck[] {
  return plan.ops.flatMap((op, at) => {
    // Of several steps at one place the last is what can be seen.
    const covered = plan.ops.slice(at + 1).some(({ dest }) => dest === op.dest)
    return covered ? [] : checksOf(op, host)
  })
}

function checksOf(op: SandboxOp, host: CheckInput['host']): BoxCheck[] {
  switch (op.kind) {
    case 'bind':
      return [mounted(op, op.access)]
    case 'tmpfs':
      return [mounted(op)]
    case 'remount-ro':
      return [mounted(op, 'ro')]
    case 'data':
    case 'given':
      return [shows(op, fnvOf(op.content))]
    case 'mask':
      return [masked(op, host)]
    case 'proc':
    case 'dev':
      return [mounted(op)]
    case 'symlink':
    case 'dir':
      return []
  }
}

function mounted({ dest, why }: SandboxOp, access?: 'ro' | 'rw'): BoxCheck {
  const expected = `mounted${access === undefined ? '' : ` ${access}`}`
  return {
    id: `mounts:${dest}`,
    topic: 'mounts',
    claim: `${dest} is a mount of its own${access === undefined ? '' : access === 'ro' ? ', read-only' : ', writable'} (${why})`,
    question: { kind: 'mounted', argument: dest },
    judge: holdsIf(
      ({ word, values }) => word === 'mounted' && (access === undefined || values[0] === access),
      expected,
    ),
    byHand: `findmnt -no TARGET,OPTIONS ${shellWord(dest)}`,
  }
}

function shows({ dest, why }: SandboxOp, { size, hash }: { size: number; hash: string }): BoxCheck {
  return {
    id: `mounts:${dest}`,
    topic: 'mounts',
    claim: `${dest} is agentbox's own file (${why})`,
    question: { kind: 'read', argument: dest },
    judge: holdsIf(
      ({ word, values }) => word === 'file' && values[0] === String(size) && values[1] === hash,
      'what the plan says',
    ),
    byHand: `cat ${shellWord(dest)}`,
  }
}

function fnvOf(text: string): { size: number; hash: string } {
  const bytes = Buffer.from(text, 'utf8')
  return { size: bytes.length, hash: fnv(bytes) }
}

function masked({ dest, look, why }: SandboxOp & { kind: 'mask' }, host: CheckInput['host']): BoxCheck {
  return {
    id: `secrets:${dest}`,
    topic: 'secrets',
    claim: `${dest} ${lookText(look)} (${why})`,
    question: { kind: 'read', argument: dest },
    judge: (answer) => judgeMask(answer, look, host),
    byHand: `cat ${shellWord(dest)}`,
  }
}

function lookText(look: MaskLook): string {
  switch (look.kind) {
    case 'empty':
      return 'reads as empty'
    case 'deny':
      return 'cannot be opened'
    case 'directory':
      return 'is an empty directory'
    case 'keys':
      return 'shows names without values'
    case 'substitute':
      return `reads as ${look.source}`
  }
}

function judgeMask(answer: Answer, look: MaskLook, host: CheckInput['host']): Verdict {
  if (answer.word === 'absent') return verdict('unchecked', 'it is gone since the plan was made')
  switch (look.kind) {
    case 'empty':
      return holdsIf(({ word, values }) => word === 'file' && values[0] === '0', 'an empty file')(answer)
    case 'directory':
      return holdsIf(
        ({ word, values }) => word === 'directory' && values[0] === '0',
        'an empty directory',
      )(answer)
    case 'deny':
      return holdsIf(({ word }) => word === 'refused', 'refused')(answer)
    case 'keys':
      return same(answer, fnvOf(look.text))
    case 'substitute': {
      const content = host.content(look.source)
      return content === undefined
        ? verdict('unchecked', `${look.source} cannot be read here`)
        : same(answer, content)
    }
  }
}

function same(answer: Answer, { size, hash }: { size: number; hash: string }): Verdict {
  return holdsIf(
    ({ word, values }) => word === 'file' && values[0] === String(size) && values[1] === hash,
    'what the mask shows',
  )(answer)
}
