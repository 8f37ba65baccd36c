import * as v from 'valibot'
import { credentials } from './credentials.ts'
import { key, paths, section, STRICTER, text, type KeyInfo, type PolicyKind } from './schema-kit.ts'
import { env, filesystem, limits, masks, network, scanSection, verifySection } from './sections.ts'
import { checkExtends } from './extends.ts'
import { checkTrustedGrant } from './trusted.ts'
import { checkAgent, checkCommand } from './values.ts'

/**
 * Every key of a policy, once: validation, the JSON Schema and the table in docs/policy.md come from here
 * and from `sections.ts`. This is what both files have.
 */
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
    scan: scanSection,
    network,
    env: env(kind),
    ssh: key(v.picklist(['none', 'agent']), 'agent: the keys in the ssh agent can be used, not read.', {
      kind: 'restrict',
      takes: 'none · agent',
      merge: STRICTER,
      default: 'none',
    }),
    live: section(
      {
        onFailure: key(
          v.picklist(['stop', 'freeze', 'continue']),
          'What happens to the box when secrets that appear can no longer be masked in it.',
          { kind: 'restrict', takes: 'stop · freeze · continue', merge: STRICTER, default: 'stop' },
        ),
      },
      'The care for a running box.',
    ),
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
    enforce: key(v.boolean(), 'The git hooks refuse commits of an agent that runs outside the box.', {
      kind: 'restrict',
      takes: 'true · false',
      merge: 'true if any layer says so',
      default: 'false',
    }),
    verify: verifySection(),
  }
}

/** What only the user's own file has. */
function own() {
  const places = paths('own-grant')
  const mine = { kind: 'user-only', merge: 'added to the built-in list', default: 'built-in list' } as const
  return {
    ceiling: key(places, 'What no repository is ever granted, even when approved.', {
      ...mine,
      takes: 'paths',
    }),
    always: key(places, 'Directories under which every repository is boxed, with a policy file or without.', {
      ...mine,
      takes: 'paths',
      merge: 'as it stands',
      default: 'none',
    }),
    trust: section(
      {
        directories: key(places, 'Directories whose policies are approved as they are, and as they become.', {
          ...mine,
          takes: 'paths',
          merge: 'all layers together',
          default: 'none',
        }),
        grants: key(v.array(text(checkTrustedGrant)), 'Grants that any repository has that asks for them.', {
          ...mine,
          takes: '"kind value"',
          merge: 'all layers together',
          default: 'none',
        }),
      },
      'What is approved without being asked for.',
    ),
    bypass: key(v.picklist(['ask', 'never']), 'Whether AGENTBOX_BYPASS=1 may start an agent unboxed.', {
      ...mine,
      takes: 'ask · never',
      merge: 'as it stands',
      default: 'ask',
    }),
    shims: key(v.array(text(checkCommand)), 'Commands that get a shim like the known agents.', {
      ...mine,
      takes: 'names of commands',
      merge: 'added to the known agents',
      default: 'the known agents',
    }),
    credentials,
    quiet: key(v.boolean(), 'No line on stderr when all is well.', {
      ...mine,
      takes: 'true · false',
      merge: 'as it stands',
      default: 'false',
    }),
  }
}

/** What only a repository's file has. */
function ofRepository() {
  const reference = text(checkExtends)
  return {
    extends: key(
      v.union([reference, v.array(reference)]),
      'Policy files that this one builds on: of the repository (./…), or of a package in node_modules.',
      {
        kind: 'preference',
        takes: './path · package',
        merge: 'layers under the file; approved together with it',
        default: 'none',
      },
    ),
  }
}

function repoSchema() {
  const { version, ...rest } = shared('repo')
  return v.strictObject({ version, ...ofRepository(), ...rest })
}

export function userSchema() {
  return v.strictObject({ ...shared('user'), ...own() })
}

/** A validated file, as written: nothing merged, nothing made absolute. */
export type Rc = v.InferOutput<ReturnType<typeof userSchema>> & {
  extends?: string | string[] | undefined
}

export function schemaOf(kind: PolicyKind): v.StrictObjectSchema<v.ObjectEntries, undefined> {
  switch (kind) {
    case 'repo':
      return repoSchema()
    case 'flag':
      return v.strictObject(shared('flag'))
    case 'user':
    case 'system':
      return userSchema()
  }
}
