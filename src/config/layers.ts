import type { Grant } from '../errors.ts'
import { isWithin } from '../host/paths.ts'
import { normalEntry } from '../network/rules/entry.ts'
import { baseline } from '../policy/baseline.ts'
import type { PatternRule, Policy, Sourced } from '../policy/types.ts'
import { isOwn, partsDir, type Context, type ResolveInput } from './context.ts'
import { filesystemOf } from './filesystem.ts'
import { invalid } from './flags.ts'
import { gateTo, grantAt, type ApprovedGrant, type Outcome } from './grants.ts'
import { agentsOf, envSetOf, limitsOf, scalarOf, sourcedAt, substitutesOf } from './merge.ts'
import { ownPaths, ownValue, trustOf } from './own-values.ts'
import { inFileOrder } from './order.ts'
import type { ParsedLayer } from './parse.ts'
import { absolutePath } from './paths.ts'
import { networkOf, passOf } from './reach.ts'

export interface Resolved {
  policy: Policy
  /** Grants that nobody has approved. None of them is in the policy. */
  pending: Grant[]
  /** Grants of repositories that are in the policy. */
  approved: ApprovedGrant[]
}

/**
 * Merges the layers: baseline, user, repository (outermost first), flags. Restrictions add up, and no
 * later layer lifts an earlier one's; grants of a repository count only where they are approved. Fails
 * with `policy-invalid`, or `option-invalid`, and everything that is wrong.
 */
export function resolvePolicy(input: ResolveInput): Resolved {
  const outcome: Outcome = { pending: [], approved: [], issues: [] }
  const layers = layersOf(input)
  const owners = layers.filter(isOwn)
  const context: Context = { layers, input, gate: gateTo(outcome, input.approvals) }
  const base = baseline(input.home)
  const ceiling = [...base.ceiling, ...ownPlaces(input), ...ownPaths(owners, 'ceiling', input.home)]
  const always = ownPaths(owners, 'always', input.home)
  const policy: Policy = {
    agents: agentsOf(
      layers,
      always.some(({ value }) => isWithin(input.project, value)),
    ),
    filesystem: filesystemOf(context, base, ceiling),
    masks: masksOf(context, base),
    scan: { except: scanExceptOf(context) },
    network: networkOf(context, base),
    env: { pass: passOf(context), set: envSetOf(layers) },
    ssh: scalarOf(layers, ['ssh'], ['none', 'agent'], base.ssh, context.gate, 'ssh'),
    live: {
      onFailure: scalarOf(
        layers,
        ['live', 'onFailure'],
        ['stop', 'freeze', 'continue'],
        base.live.onFailure,
        context.gate,
        'live',
      ),
    },
    protect: {
      absent: scalarOf(
        layers,
        ['protect', 'absent'],
        ['quarantine', 'report'],
        base.protect.absent,
        context.gate,
        'protect',
      ),
    },
    limits: limitsOf(layers, base.limits),
    verify: verifyOf(context),
    ceiling,
    always,
    credentials: owners.flatMap((layer) =>
      (layer.rc.credentials ?? []).map((value, index) => sourcedAt(layer, ['credentials', index], value)),
    ),
    trust: trustOf(owners, input.home),
    bypass: ownValue(owners, 'bypass', (value) => value === 'never') ?? base.bypass,
    shims: owners.flatMap((layer) =>
      (layer.rc.shims ?? []).map((name, index) => sourcedAt(layer, ['shims', index], name)),
    ),
    enforce: enforceOf(layers, base.enforce),
    quiet: ownValue(owners, 'quiet') ?? base.quiet,
  }
  if (outcome.issues.length > 0) invalid(inFileOrder(outcome.issues))
  return { policy, pending: inFileOrder(outcome.pending), approved: inFileOrder(outcome.approved) }
}

function ownPlaces({ own = [], moved = [] }: ResolveInput): Sourced<string>[] {
  return [...own, ...moved].map((value) => ({ value, origin: { layer: 'built-in' } }))
}

/** Outermost first. */
function layersOf({ systemConfig, userConfig, repoLayers, flags }: ResolveInput): ParsedLayer[] {
  return [systemConfig, userConfig, ...repoLayers, flags].filter((layer) => layer !== undefined)
}

/** No layer lifts it again. */
function enforceOf(layers: readonly ParsedLayer[], otherwise: Sourced<boolean>): Sourced<boolean> {
  const layer = layers.find(({ rc }) => rc.enforce === true)
  return layer === undefined ? otherwise : sourcedAt(layer, ['enforce'], true)
}

/** No layer lifts it again. */
function detectOf(layers: readonly ParsedLayer[], otherwise: Sourced<boolean>): Sourced<boolean> {
  const layer = layers.find(({ rc }) => rc.masks?.detect === true)
  return layer === undefined ? otherwise : sourcedAt(layer, ['masks', 'detect'], true)
}

function scanExceptOf({ layers, input }: Context): Policy['scan']['except'] {
  return layers.flatMap((layer) =>
    (layer.rc.scan?.except ?? []).map((pattern, index) =>
      sourcedAt(layer, ['scan', 'except', index], { pattern, base: partsDir(layer, input) }),
    ),
  )
}

function masksOf({ layers, input, gate }: Context, base: Policy): Policy['masks'] {
  const rules = (key: 'patterns' | 'except') => {
    const taken: Sourced<PatternRule>[] = []
    for (const layer of layers) {
      for (const [index, pattern] of (layer.rc.masks?.[key] ?? []).entries()) {
        const at = ['masks', key, index]
        const rule = { pattern, base: partsDir(layer, input) }
        const free = key === 'patterns' || taken.some(({ value }) => sameRule(value, rule))
        if (free || gate.take(layer, grantAt(layer, at, 'unmask', pattern)))
          taken.push(sourcedAt(layer, at, rule))
      }
    }
    return taken
  }
  const explicit = layers.some((layer) => isOwn(layer) && layer.rc.masks?.show !== undefined)
  // Where the user has no opinion the looks of a mask are the repository's to choose: none shows a value.
  const show = explicit ? base.masks.show : { ...base.masks.show, value: 'keys' as const }
  const chosen = scalarOf(layers, ['masks', 'show'], ['deny', 'empty', 'keys'], show, gate, 'names')
  return {
    patterns: rules('patterns'),
    except: rules('except'),
    show: chosen.origin.layer === 'built-in' ? base.masks.show : chosen,
    detect: detectOf(layers, base.masks.detect),
    substitute: substitutesOf(layers, (layer) => partsDir(layer, input), input.home),
  }
}

/** A name alone is the same anywhere below the outer file's directory. */
function sameRule(given: PatternRule, asked: PatternRule): boolean {
  if (given.pattern !== asked.pattern) return false
  const within = isWithin(asked.base ?? '/', given.base ?? '/')
  return given.base === asked.base || (within && !given.pattern.includes('/'))
}

function verifyOf({ layers, input }: Context): Policy['verify'] {
  type Key = keyof Policy['verify']
  const list = (key: Key, value: (text: string, layer: ParsedLayer) => string) =>
    layers.flatMap((layer) =>
      (layer.rc.verify?.[key] ?? []).map((text, index) =>
        sourcedAt(layer, ['verify', key, index], value(text, layer)),
      ),
    )
  const paths = (key: Key) =>
    list(key, (text, layer) => absolutePath(text, partsDir(layer, input), input.home))
  const hosts = (key: Key) => list(key, (text) => normalEntry(text))
  const names = (key: Key) => list(key, (text) => text)
  return {
    unreadable: paths('unreadable'),
    readable: paths('readable'),
    unwritable: paths('unwritable'),
    writable: paths('writable'),
    unreachable: hosts('unreachable'),
    reachable: hosts('reachable'),
    envAbsent: names('envAbsent'),
    envPresent: names('envPresent'),
  }
}
