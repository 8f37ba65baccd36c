import type { Origin, Policy, Sourced } from '../../../src/policy/types.ts'

const origin: Origin = { layer: 'built-in' }

function sourced<T>(value: T): Sourced<T> {
  return { value, origin }
}

export interface PolicyParts {
  network?: 'none' | 'allow' | 'host'
  home?: 'private' | 'ephemeral'
  pass?: string[]
  set?: Record<string, string>
  tmp?: number
}

/** A policy for tests of what comes after it; everything not named is as in the baseline. */
export function policyWith({
  network = 'host',
  home = 'private',
  pass = [],
  set = {},
  tmp,
}: PolicyParts): Policy {
  return {
    agents: sourced('all'),
    filesystem: { read: [], write: [], readonly: [], hide: [], home: sourced(home) },
    masks: { patterns: [], except: [], show: sourced('empty'), detect: sourced(false), substitute: [] },
    scan: { except: [] },
    network: { mode: sourced(network), allow: [], deny: [], ports: [], expose: [] },
    env: {
      pass: pass.map((name) => sourced(name)),
      set: Object.entries(set).map(([name, value]) => sourced({ name, value })),
    },
    ssh: sourced('none'),
    live: { onFailure: sourced('stop') },
    protect: { absent: sourced('quarantine') },
    limits: tmp === undefined ? {} : { tmp: sourced(tmp) },
    verify: {
      ...{ unreadable: [], readable: [], unwritable: [], writable: [] },
      ...{ unreachable: [], reachable: [], envAbsent: [], envPresent: [] },
    },
    trust: { directories: [], grants: [] },
    ceiling: [],
    always: [],
    credentials: [],
    bypass: sourced('ask'),
    shims: [],
    enforce: sourced(false),
    quiet: sourced(false),
  }
}
