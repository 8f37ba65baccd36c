import { jsonSchema } from '../config/json-schema.ts'
import type { Call, Command } from './types.ts'
import { jsonText } from '../ui/escape.ts'

export const schema: Command = {
  name: 'schema',
  usage: '',
  summary: 'Print the JSON Schema of .agentboxrc, for editors',
  options: { user: { type: 'boolean', about: "the schema of the user's own config.yaml instead" } },
  examples: ['agentbox schema > .agentboxrc.schema.json'],
  run({ values, out }: Call): number {
    out(`${jsonText(jsonSchema(values['user'] === true ? 'user' : 'repo'), 2)}\n`)
    return 0
  },
}
