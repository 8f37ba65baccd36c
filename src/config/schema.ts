import * as v from 'valibot'
import { checkPattern } from '../masks/patterns.ts'
import { checkHost } from './hosts.ts'
import { checkPath } from './paths.ts'
import { both, checkText, quote, type Check } from './text.ts'
import { checkAgent, checkPass, checkRepoVariable, checkSize, checkVariable, checkVariableValue } from './values.ts'

/**
 * Every key of a policy, once: validation, the JSON Schema and the table in docs/policy.md come from here.
 *
 * `restrict` makes the box narrower and needs nobody's leave; `grant` makes it wider and, in a repository's
 * file, needs the user's approval; `preference` does neither; `user-only` is for the user's own file.
 */
export type KeyKind = 'restrict' | 'grant' | 'preference' | 'user-only'

export interface KeyInfo {
  kind: KeyKind
  /** What a reader of the documentation may write. */
  takes: string
  /** How the layers' values become one. */
  merge: string
  default: string
}

/** A repository's file, the user's configuration, or the options of a command. */
export type PolicyKind = 'repo' | 'user' | 'flag'

const UNION = 'all layers together'
const STRICTER = 'the strictest; a wider one is a grant'

type Schema = v.GenericSchema

function key<S extends Schema>(schema: S, about: string, info: KeyInfo) {
  return v.optional(v.pipe(schema, v.description(about), v.metadata({ ...info })))
}

function section<E extends v.ObjectEntries>(entries: E, about: string) {
  return v.optional(v.pipe(v.strictObject(entries), v.description(about)))
}

function text(check: Check) {
  return v.pipe(v.string(), checked(check))
}

/** Messages begin with the value, so that a line of a long list can be told from the next. */
function checked<T extends string | number>(check: (value: T) => string | undefined) {
  return v.rawCheck<T>(({ dataset, addIssue }) => {
    const problem = dataset.typed ? check(dataset.value) : undefined
    if (dataset.typed && problem !== undefined) addIssue({ message: `${quote(String(dataset.value))} ${problem}` })
  })
}

const pattern = text(both(checkText, checkPattern))
const host = text(checkHost)
const size = (least: string) => v.pipe(v.union([v.string(), v.number()]), checked(checkSize(least)))
const paths = (rule: Parameters<typeof checkPath>[0]) => v.array(text(checkPath(rule)))

const filesystem = (kind: PolicyKind) => {
  const grants = paths(kind === 'user' ? 'own-grant' : 'grant')
  const parts = paths(kind === 'repo' ? 'inside' : kind === 'user' ? 'own-inside' : 'any')
  const wide = { kind: 'grant', takes: 'paths', merge: UNION, default: 'none' } as const
  const narrow = { kind: 'restrict', takes: 'paths in the project', merge: UNION, default: 'none' } as const
  return section(
    {
      read: key(grants, 'Further paths that the agent can read. May begin with ../ or ~/.', wide),
      write: key(grants, 'Further paths that the agent can read and write.', wide),
      readonly: key(parts, 'Parts of the project that the agent cannot change.', narrow),
      hide: key(parts, 'Parts of the project that the agent sees empty.', narrow),
      home: key(
        v.picklist(['private', 'ephemeral']),
        "The agent's home: private (kept, one for each repository) or ephemeral (gone at the end).",
        { kind: 'restrict', takes: 'private · ephemeral', merge: STRICTER, default: 'private' },
      ),
    },
    'What the agent sees of the file system, beside the project and the tools.',
  )
}

const masks = (kind: PolicyKind) => {
  const file = text(checkPath(kind === 'flag' ? 'any' : 'inside'))
  return section(
    {
      patterns: key(v.array(pattern), 'Names of secret files, added to the built-in ones (docs/masks.md).', {
        kind: 'restrict',
        takes: 'patterns',
        merge: UNION,
        default: 'the built-in set, always',
      }),
      except: key(v.array(pattern), 'Files that are shown although a pattern matches.', {
        kind: 'grant',
        takes: 'patterns',
        merge: UNION,
        default: 'none',
      }),
      show: key(
        v.picklist(['empty', 'keys', 'deny']),
        'What stands in place of a secret: an empty file, its names without values, or a refusal.',
        {
          kind: 'preference',
          takes: 'empty · keys · deny',
          merge: "the strictest (deny, empty, keys); wider than the user's own is a grant",
          default: 'empty',
        },
      ),
      substitute: key(v.record(file, file), 'The agent sees the second file in place of the first.', {
        kind: 'preference',
        takes: 'file: file',
        merge: 'the outermost layer that names a file',
        default: 'none',
      }),
    },
    'Secret files in the project.',
  )
}

const network = section(
  {
    mode: key(
      v.picklist(['none', 'allow', 'host']),
      "none: no network; allow: only what is listed; host: the host's own network, unrestricted.",
      { kind: 'restrict', takes: 'none · allow · host', merge: STRICTER, default: 'host' },
    ),
    allow: key(v.array(host), 'Hosts under mode: allow. "@agent" is always in.', {
      kind: 'grant',
      takes: 'host · *.host · host:port · @preset',
      merge: UNION,
      default: '"@agent"',
    }),
  },
  'What the agent reaches.',
)

const env = (kind: PolicyKind) => {
  const value = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String), checked(checkVariableValue))
  return section(
    {
      pass: key(v.array(text(checkPass)), "Variables that come in with the user's values.", {
        kind: 'grant',
        takes: 'names, a * at the end',
        merge: UNION,
        default: 'none',
      }),
      set: key(
        v.record(text(kind === 'repo' ? checkRepoVariable : checkVariable), value),
        'Variables with values. A repository cannot set those that decide what runs or where traffic goes.',
        { kind: 'preference', takes: 'NAME: value', merge: 'the outermost layer that sets a name', default: 'none' },
      ),
    },
    'Environment variables.',
  )
}

const limits = section(
  {
    memory: key(size('256M'), 'Memory of all processes together.', limit('a size (8G)', 'none')),
    processes: key(
      v.pipe(v.number(), v.integer('is not a whole number'), v.minValue(32, 'is too little: at least 32')),
      'Number of processes and threads.',
      limit('a number', 'none'),
    ),
    tmp: key(size('1M'), 'Size of the private /tmp.', limit('a size (2G)', '2G')),
  },
  'Upper limits.',
)

function limit(takes: string, defaultValue: string): KeyInfo {
  return { kind: 'restrict', takes, merge: "the smallest; the user's replaces the default", default: defaultValue }
}

const verify = (about = 'Assertions about the box') => {
  const list = (what: string) =>
    key(paths('any'), `Paths that must be ${what}.`, {
      kind: 'preference',
      takes: 'paths',
      merge: UNION,
      default: 'none',
    })
  return section(
    {
      unreadable: list('unreadable'),
      readable: list('readable'),
      unwritable: list('unwritable'),
      unreachable: key(v.array(host), 'Hosts that must be unreachable.', {
        kind: 'preference',
        takes: 'hosts',
        merge: UNION,
        default: 'none',
      }),
    },
    `${about}, tested by "agentbox verify".`,
  )
}

/** What both files have. */
function shared(kind: PolicyKind) {
  return {
    version: v.pipe(
      v.literal(1),
      v.description('The version of this format.'),
      v.metadata({ kind: 'preference', takes: '1', merge: '', default: 'required' } satisfies KeyInfo),
    ),
    agents: key(
      v.pipe(v.array(text(checkAgent)), v.nonEmpty('names no agent: leave it out for all of them')),
      'Agents that are started in the box here.',
      {
        kind: 'restrict',
        takes: 'names of agents',
        merge: 'all layers together; a file without it means all',
        default: 'every known agent',
      },
    ),
    filesystem: filesystem(kind),
    masks: masks(kind),
    network,
    env: env(kind),
    ssh: key(v.picklist(['none', 'agent']), 'agent: the keys in the ssh agent can be used, not read.', {
      kind: 'restrict',
      takes: 'none · agent',
      merge: STRICTER,
      default: 'none',
    }),
    protect: section(
      {
        absent: key(
          v.picklist(['quarantine', 'report']),
          'What happens to a file that would run outside the box later and appears during a session.',
          { kind: 'restrict', takes: 'quarantine · report', merge: STRICTER, default: 'quarantine' },
        ),
      },
      'Files that run outside the box later.',
    ),
    limits,
    verify: verify(),
  }
}

/** What only the user's own file has. */
function own() {
  const places = paths('own-grant')
  const mine = { kind: 'user-only', merge: 'added to the built-in list', default: 'built-in list' } as const
  return {
    ceiling: key(places, 'What no repository is ever granted, even when approved.', { ...mine, takes: 'paths' }),
    always: key(places, 'Directories under which every repository is boxed, with a policy file or without.', {
      ...mine,
      takes: 'paths',
      merge: 'as it stands',
      default: 'none',
    }),
    bypass: key(v.picklist(['ask', 'never']), 'Whether AGENTBOX_BYPASS=1 may start an agent unboxed.', {
      ...mine,
      takes: 'ask · never',
      merge: 'as it stands',
      default: 'ask',
    }),
    quiet: key(v.boolean(), 'No line on stderr when all is well.', {
      ...mine,
      takes: 'true · false',
      merge: 'as it stands',
      default: 'false',
    }),
  }
}

export function policySchema(kind: 'repo' | 'flag') {
  return v.strictObject(shared(kind))
}

export function userSchema() {
  return v.strictObject({ ...shared('user'), ...own() })
}

/** A validated file, as written: nothing merged, nothing made absolute. */
export type Rc = v.InferOutput<ReturnType<typeof userSchema>>

export function schemaOf(kind: PolicyKind): v.StrictObjectSchema<v.ObjectEntries, undefined> {
  return kind === 'user' ? userSchema() : policySchema(kind)
}
