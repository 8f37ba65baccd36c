import { beyondCeiling } from '../config/grants.ts'
import { isWithin } from '../host/paths.ts'
import type { Matcher } from '../masks/patterns.ts'
import type { Mask } from '../masks/types.ts'
import type { LaunchPlan, SandboxOp } from '../plan/ops.ts'
import { originText } from '../policy/origin.ts'
import type { Policy } from '../policy/types.ts'
import { protectionOf } from '../protect/names.ts'
import type { Because, Explanation } from './types.ts'
import { viewOf, type Look, type View } from './view.ts'

export interface PathInput {
  plan: LaunchPlan
  policy: Policy
  home: string
  /** Of the policy; absolute paths. */
  matcher: Matcher
  masks: readonly Mask[]
  look: Look
  /** Configuration of git's of which the box writes a copy. */
  copied: readonly string[]
}

/** What the box shows at a path (absolute, normal), and by which rule. Pure but for `look`. */
export function explainPath(path: string, input: PathInput): Explanation {
  const view = viewOf(input.plan.ops, path, input.look)
  const about: Pick<Explanation, 'kind' | 'subject' | 'also' | 'change'> = {
    kind: 'path',
    subject: path,
    also: [],
    change: [],
  }
  if (input.copied.includes(path)) return { ...about, ...copied }
  switch (view.kind) {
    case 'host':
      return { ...about, ...explainHost(view, path, input) }
    case 'made':
      return { ...about, ...explainMade(view, path, input) }
    case 'way':
      return {
        ...about,
        state: 'read-only',
        because: [{ text: 'it is there only because something below it is shown' }],
        inside: 'a directory without the other files that it has outside',
        change: reading(path, input),
      }
    case 'nothing':
      return { ...about, ...explainNothing(view, path, input) }
  }
}

const copied: Pick<Explanation, 'state' | 'because' | 'inside'> = {
  state: 'writable',
  because: [{ text: 'git writes to it every day' }],
  inside: 'a copy: at the end what is harmless of the changes is taken over, and the rest is named',
}

type Told = Omit<Explanation, 'kind' | 'subject' | 'also' | 'change'> & Partial<Explanation>

function explainHost(
  { op, entry, readonly, path: real }: View & { kind: 'host' },
  path: string,
  input: PathInput,
): Told {
  const because = [...byOp(op, input), ...byLink(real, path)]
  if (!entry.readable && !entry.writable) {
    return { state: 'closed', because: [...because, { text: 'its permissions keep you out' }] }
  }
  if (entry.writable && !readonly)
    return { state: 'writable', because, inside: 'the file itself', change: narrowing(path, input) }
  const permissions = readonly ? [] : [{ text: 'its permissions do not let you write' }]
  return { state: 'read-only', because: [...because, ...permissions], change: widening(op, path, input) }
}

function explainMade(
  { op, readonly, path: real }: View & { kind: 'made' },
  path: string,
  input: PathInput,
): Told {
  const because = [...byOp(op, input), ...byLink(real, path)]
  switch (op.kind) {
    case 'mask':
      return { state: 'masked', because, ...maskTold(op, input) }
    case 'bind':
      return { state: 'writable', because, inside: 'a directory that is there to hold others' }
    case 'proc':
    case 'dev':
      return { state: 'private', because, inside: "the box's own" }
    case 'tmpfs':
      return {
        state: readonly ? 'read-only' : 'writable',
        because,
        inside: 'a directory of its own, empty at the start',
      }
    default:
      return { state: 'read-only', because, inside: "agentbox's own" }
  }
}

function maskTold(
  { look, dest }: SandboxOp & { kind: 'mask' },
  { masks }: PathInput,
): Pick<Explanation, 'inside' | 'change'> {
  const secret = masks.some(({ path }) => path === dest)
  const change = secret
    ? ['masks.except in .agentboxrc: a grant, which needs your approval (agentbox allow)']
    : []
  const refused = 'writing, renaming and deleting are refused'
  switch (look.kind) {
    case 'empty':
      return { inside: `reads as an empty file; ${refused}`, change }
    case 'deny':
      return { inside: `cannot be opened; ${refused}`, change }
    case 'directory':
      return { inside: `an empty directory; ${refused}`, change }
    case 'keys': {
      const names = (look.text.match(/^[^#\n].*=/gm) ?? []).length
      return {
        inside: `reads ${names} ${names === 1 ? 'name' : 'names'} without values; ${refused}`,
        change,
      }
    }
    case 'substitute':
      return { inside: `reads as ${look.source}; ${refused}`, change }
  }
}

function explainNothing(
  { within, writable, closed }: View & { kind: 'nothing' },
  path: string,
  input: PathInput,
): Told {
  if (closed)
    return { state: 'closed', because: [{ text: 'the permissions of a directory above it keep you out' }] }
  if (within === undefined || !writable) {
    const because =
      within === undefined
        ? [{ text: 'the box does not show it' }]
        : [...byOp(within, input), { text: 'there is nothing there' }]
    return { state: 'absent', because, inside: 'no such file', change: reading(path, input) }
  }
  const inHome = isWithin(path, input.home) && !isWithin(path, input.plan.project)
  return {
    state: 'absent',
    because: [...byOp(within, input), { text: 'there is nothing there' }],
    inside: inHome ? 'it can be created; your own one is not in the box' : 'it can be created',
    also: whenItAppears(path, input),
    change: inHome ? reading(path, input) : [],
  }
}

/** A name may be enough for what happens to a file as soon as it is there. */
function whenItAppears(path: string, { matcher, plan, policy }: PathInput): string[] {
  if (!isWithin(path, plan.project)) return []
  const hit = matcher.match(path, false) ?? matcher.match(path, true)
  const runBy = protectionOf(path, false)
  return [
    ...(hit === undefined
      ? []
      : [`when it appears it is masked at once: ${hit.pattern} (${originText(hit.origin)})`]),
    ...(runBy === undefined
      ? []
      : [
          `when it appears during a session it is ${policy.protect.absent.value === 'quarantine' ? 'moved to quarantine' : 'reported'}: ${runBy} would run or obey it`,
        ]),
  ]
}

function byOp(op: SandboxOp, { masks, policy }: PathInput): Because[] {
  const mask = op.kind === 'mask' ? masks.find(({ path }) => path === op.dest) : undefined
  if (mask !== undefined) {
    const { pattern, origin, by, via } = mask.reason
    const link =
      by === 'hard-link'
        ? `, the same file as ${via}`
        : by === 'symlink-target'
          ? `, pointed to by ${via}`
          : ''
    return [
      { text: `masks.patterns "${pattern}"${link}`, origin },
      ...(mask.look.kind === 'keys' || policy.masks.show.origin.layer !== 'built-in'
        ? [{ text: `masks.show: ${policy.masks.show.value}`, origin: policy.masks.show.origin }]
        : []),
    ]
  }
  return [{ text: op.why }]
}

function byLink(real: string, path: string): Because[] {
  return real === path ? [] : [{ text: `a link leads to ${real}` }]
}

function reading(path: string, { policy, home, plan }: PathInput): string[] {
  if (isWithin(path, plan.project)) return []
  const problem = beyondCeiling('read', path, { home, ceiling: policy.ceiling })
  if (problem !== undefined) return [`it ${problem}; your own configuration could show it (filesystem.read)`]
  return [
    `filesystem.read: [${path}] in .agentboxrc: a grant; in your own configuration: for every repository`,
  ]
}

function widening(op: SandboxOp, path: string, input: PathInput): string[] {
  if (isWithin(path, input.plan.project)) {
    return op.why.startsWith('read-only by')
      ? ['take it out of filesystem.readonly there']
      : ['nothing: what runs outside the box later is not written from inside']
  }
  const problem = beyondCeiling('write', path, { home: input.home, ceiling: input.policy.ceiling })
  return problem === undefined ? [`filesystem.write: [${path}]: a grant`] : [`it ${problem}`]
}

function narrowing(path: string, { plan }: PathInput): string[] {
  if (!isWithin(path, plan.project) || path === plan.project) return []
  const name = path.slice(plan.project.length + 1)
  return [
    `filesystem.readonly: [${name}] or filesystem.hide: [${name}] in .agentboxrc: restrictions, which apply at once`,
  ]
}
