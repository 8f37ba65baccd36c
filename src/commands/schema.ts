import { jsonSchema } from '../config/json-schema.ts'
import type { Call, Command } from './types.ts'

export const schema: Command = {
  name: 'schema',
  usage: '',
  summary: 'Print the JSON Schema of .agentboxrc, for editors',
  options: { user: { type: 'boolean', about: "the schema of the user's own config.yaml instead" } },
  examples: ['agentbox schema > .agentboxrc.schema.json'],
  run({ values, out }: Call): number {
    out(`${JSON.stringify(jsonSchema(values['user'] === true ? 'user' : 'repo'), null, 2)}\n`)
    return 0
  },
}
