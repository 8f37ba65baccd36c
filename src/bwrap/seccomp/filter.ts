import { and, assemble, branch, type Code, load, oneOf, ret } from './bpf.ts'
import { CATALOGUE } from './catalogue.ts'
import type { Condition, Errno, Rule } from './rules.ts'
import { type Arch, NEWEST_KNOWN, numberOf, type Syscall } from './syscalls.ts'

export type { Arch } from './syscalls.ts'

/** One line of the filter for people: `agentbox plan`, the documentation. */
export interface FilterLine {
  group: string
  calls: string[]
  reason: string
  /** An errno name, `EPERM when …`, or `killed`. */
  action: string
}

// Offsets in struct seccomp_data; arguments are 64 bits each, their low word first (little-endian).
const NUMBER = 0
const ARCH = 4
const argument = (index: number): number => 16 + index * 8

const ALLOW = ret(0x7fff0000)
const KILL_PROCESS = ret(0x80000000)
const ERRNO: Record<Errno, Code> = {
  EPERM: ret(0x00050000 | 1),
  ENOSYS: ret(0x00050000 | 38),
  EPROTONOSUPPORT: ret(0x00050000 | 93),
  EAFNOSUPPORT: ret(0x00050000 | 97),
}

const AUDIT_ARCH: Record<Arch, number> = { x86_64: 0xc000003e, aarch64: 0xc00000b7 }
const X32_BIT = 0x40000000

/**
 * The bytes of `struct sock_filter[]` for `bwrap --seccomp FD`: allows everything but the catalogue, for
 * that one architecture and its native ABI.
 */
export function seccompProgram(arch: Arch): Buffer {
  // A call newer than the catalogue has not been judged, and every caller copes with an older kernel.
  const native = branch('ge', NEWEST_KNOWN + 1, ERRNO.ENOSYS, search(entries(arch)))
  const numbered = arch === 'x86_64' ? branch('set', X32_BIT, ERRNO.ENOSYS, native) : native
  // i386 and arm32 programs could not even report an errno: their C library would go on to crash. `int 0x80`
  // in a 64-bit process arrives here too.
  return assemble(load(ARCH, branch('eq', AUDIT_ARCH[arch], load(NUMBER, numbered), KILL_PROCESS)))
}

/** The filter as a table, foreign ABIs and unknown calls included; the same for both architectures. */
export function describeFilter(): FilterLine[] {
  const listed = CATALOGUE.flatMap(({ group, reason, rules }) =>
    rules.map((rule) => ({ group, calls: [...rule.calls], reason, action: actionOf(rule) })),
  )
  return [
    { group: 'foreign ABIs', calls: ['i386', 'arm32'], reason: FOREIGN, action: 'killed' },
    { group: 'foreign ABIs', calls: ['x32'], reason: FOREIGN, action: 'ENOSYS' },
    ...listed,
    {
      group: 'newer calls',
      calls: [`number above ${NEWEST_KNOWN}`],
      reason: 'calls that this version of agentbox does not know yet',
      action: 'ENOSYS',
    },
  ]
}

const FOREIGN = 'the same calls under other numbers and layouts'

const actionOf = ({ errno, says }: Rule): string => (says === undefined ? errno : `${errno} when ${says}`)

interface Entry {
  number: number
  code: Code
}

/** What to do for each number that the catalogue names, in ascending order. */
function entries(arch: Arch): Entry[] {
  const found: Entry[] = []
  for (const [call, rules] of rulesByCall()) {
    const number = numberOf(call, arch)
    if (number !== undefined) found.push({ number, code: codeFor(rules) })
  }
  return found.toSorted((a, b) => a.number - b.number)
}

function rulesByCall(): Map<Syscall, Rule[]> {
  const byCall = new Map<Syscall, Rule[]>()
  for (const { rules } of CATALOGUE) {
    for (const rule of rules) {
      for (const call of rule.calls) byCall.set(call, [...(byCall.get(call) ?? []), rule])
    }
  }
  return byCall
}

/** The first rule to refuse wins; if none does, the call is allowed. */
const codeFor = (rules: readonly Rule[]): Code =>
  rules.reduceRight<Code>(
    (rest, { when, errno }) => (when === undefined ? ERRNO[errno] : refuseWhen(when, ERRNO[errno], rest)),
    ALLOW,
  )

function refuseWhen(condition: Condition, refuse: Code, rest: Code): Code {
  switch (condition.kind) {
    case 'bits':
      return load(argument(condition.arg), branch('set', condition.mask, refuse, rest))
    case 'in':
      return load(argument(condition.arg), oneOf(condition.values, refuse, rest))
    case 'not-in': {
      const compare = oneOf(condition.values, rest, refuse)
      return load(
        argument(condition.arg),
        condition.mask === undefined ? compare : and(condition.mask, compare),
      )
    }
    case 'both':
      return refuseWhen(condition.first, refuseWhen(condition.second, refuse, rest), rest)
  }
}

/**
 * A binary search on the loaded number. It uses only the instructions that the kernel can evaluate ahead
 * (kernel/seccomp.c, seccomp_is_const_allow): calls allowed whatever their arguments, which is nearly all
 * of them, are then answered from a bitmap without running the filter (Linux ≥ 5.11).
 */
function search(sorted: readonly Entry[]): Code {
  const [only, second] = sorted
  if (only === undefined) return ALLOW
  if (second === undefined) return branch('eq', only.number, only.code, ALLOW)
  const middle = sorted.length >> 1
  const [lower, upper] = [sorted.slice(0, middle), sorted.slice(middle)]
  return branch('ge', upper[0]!.number, search(upper), search(lower))
}
