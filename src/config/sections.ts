import * as v from 'valibot'
import { checkPath } from './paths.ts'
import {
  checked,
  host,
  key,
  paths,
  pattern,
  port,
  section,
  size,
  STRICTER,
  text,
  UNION,
  type KeyInfo,
  type PolicyKind,
} from './schema-kit.ts'
import { checkPass, checkRepoVariable, checkVariable, checkVariableValue } from './values.ts'

export const filesystem = (kind: PolicyKind) => {
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

export const masks = (kind: PolicyKind) => {
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
      detect: key(
        v.boolean(),
        'Files whose content looks like a credential are masked, too; looking takes a launch up to two seconds.',
        {
          kind: 'restrict',
          takes: 'true · false',
          merge: 'true if any layer says so',
          default: 'false',
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

const HOSTS = 'host · *.host · host:port · @preset'

export const scanSection = section(
  {
    except: key(
      v.array(pattern),
      'Files whose content may look like a credential in commits; a masked file is refused all the same.',
      { kind: 'preference', takes: 'patterns', merge: UNION, default: 'none' },
    ),
  },
  'The search for credentials in what is committed.',
)

export const network = section(
  {
    mode: key(
      v.picklist(['none', 'allow', 'host']),
      "none: no network; allow: only what is listed; host: the host's own network, unrestricted.",
      { kind: 'restrict', takes: 'none · allow · host', merge: STRICTER, default: 'allow' },
    ),
    allow: key(v.array(host), 'Hosts under mode: allow. "@agent" is always in.', {
      kind: 'grant',
      takes: HOSTS,
      merge: UNION,
      default: '"@agent"',
    }),
    deny: key(v.array(host), 'Hosts that stay refused whatever allows them.', {
      kind: 'restrict',
      takes: HOSTS,
      merge: UNION,
      default: 'none',
    }),
    ports: key(v.array(port), "Ports of this machine's loopback that the box has on its own.", {
      kind: 'grant',
      takes: 'ports',
      merge: UNION,
      default: 'none',
    }),
    expose: key(v.array(port), "Ports of the box that this machine's loopback has too.", {
      kind: 'grant',
      takes: 'ports',
      merge: UNION,
      default: 'none',
    }),
  },
  'What the agent reaches.',
)

export const env = (kind: PolicyKind) => {
  const value = v.pipe(
    v.union([v.string(), v.number(), v.boolean()]),
    v.transform(String),
    checked(checkVariableValue),
  )
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
        {
          kind: 'preference',
          takes: 'NAME: value',
          merge: 'the outermost layer that sets a name',
          default: 'none',
        },
      ),
    },
    'Environment variables.',
  )
}

export const limits = section(
  {
    memory: key(size('256M'), 'Memory of all processes together.', limit('a size (8G)', 'none')),
    processes: key(
      v.pipe(v.number(), v.integer('is not a whole number'), v.minValue(32, 'is too little: at least 32')),
      'Number of processes and threads.',
      limit('a number', '4096'),
    ),
    tmp: key(size('1M'), 'Size of the private /tmp.', limit('a size (2G)', '2G')),
  },
  'Upper limits.',
)

function limit(takes: string, defaultValue: string): KeyInfo {
  return {
    kind: 'restrict',
    takes,
    merge: "the smallest; the user's replaces the default",
    default: defaultValue,
  }
}

export function verifySection() {
  const info = { kind: 'preference', merge: UNION, default: 'none' } as const
  const files = (what: string) =>
    key(paths('any'), `Paths that must be ${what}.`, { ...info, takes: 'paths' })
  const hosts = (what: string) =>
    key(v.array(host), `Hosts that must be ${what}.`, { ...info, takes: 'hosts' })
  const names = (what: string) =>
    key(v.array(text(checkVariable)), `Variables that must be ${what}.`, { ...info, takes: 'variables' })
  return section(
    {
      unreadable: files('unreadable'),
      readable: files('readable'),
      unwritable: files('unwritable'),
      writable: files('writable'),
      unreachable: hosts('unreachable'),
      reachable: hosts('reachable'),
      envAbsent: names('absent'),
      envPresent: names('present'),
    },
    'Assertions about the box, tested by "agentbox verify".',
  )
}
