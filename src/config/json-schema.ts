import { toJsonSchema } from '@valibot/to-json-schema'
import type { KeyInfo } from './schema-kit.ts'
import { schemaOf } from './schema.ts'

/** The JSON Schema (draft 2020-12) for editors, of a repository's file or of the user's own. */
export function jsonSchema(kind: 'repo' | 'user'): Record<string, unknown> {
  // What the checks say beyond types stays with agentbox: a schema would only say half of it.
  const schema = toJsonSchema(schemaOf(kind), {
    target: 'draft-2020-12',
    errorMode: 'ignore',
    typeMode: 'input',
    overrideAction: ({ valibotAction, jsonSchema }) =>
      valibotAction.type === 'metadata' ? withInfo(jsonSchema, valibotAction) : undefined,
  })
  const about = kind === 'repo' ? '.agentboxrc' : '~/.config/agentbox/config.yaml'
  const { $schema, ...rest } = schema
  return { $schema, title: about, description: `agentbox: ${about}; see docs/policy.md`, ...rest }
}

/** Our own facts about a key are no keywords of JSON Schema; as words they show up in editors. */
function withInfo(schema: object, action: object): object {
  const info = (action as { metadata: KeyInfo }).metadata
  const rest = Object.entries(schema).filter(([name]) => !Object.hasOwn(info, name))
  const { description } = schema as { description?: string }
  return {
    ...Object.fromEntries(rest),
    description: `${description} (${info.kind}; default: ${info.default})`,
  }
}
