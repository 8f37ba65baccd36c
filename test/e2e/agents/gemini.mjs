// Google's generateContent, as much as Gemini CLI needs.
import { argumentsFor, newId, nextCommand, shellOf, textOf } from './script.mjs'

/** With a log-in by account request and answer are wrapped. */
export function gemini({ body: sent, record, json, stream, path }) {
  const body = sent.request ?? sent
  const declared = (body.tools ?? []).flatMap(({ functionDeclarations }) => functionDeclarations ?? [])
  const parts = (body.contents ?? []).flatMap(({ role, parts: list }) =>
    (list ?? []).map((part) => ({ role, ...part })),
  )
  record.toolResults = parts.flatMap(({ functionResponse }) =>
    functionResponse === undefined
      ? []
      : [textOf(functionResponse.response?.output ?? functionResponse.response)],
  )
  const prompt = textOf(parts.filter(({ role, text }) => role === 'user' && text !== undefined))
  const tool = shellOf(declared)
  const command = tool === undefined ? undefined : nextCommand(prompt, record.toolResults.length)
  const part = command === undefined ? { text: plainAnswer(body, tool) } : callOf(tool, command)
  const answer = {
    candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
    modelVersion: 'fake',
    responseId: newId('r'),
  }
  const wrapped = body === sent ? answer : { response: answer, traceId: 'trace-1' }
  if (path.endsWith(':streamGenerateContent')) stream([wrapped])
  else json(wrapped)
}

export const countTokens = ({ json }) => json({ totalTokens: 10 })

function callOf(tool, command) {
  const schema = tool.parametersJsonSchema ?? tool.parameters
  return { functionCall: { name: tool.name, args: argumentsFor(schema, command) } }
}

/** It first asks a small model which one to use, and wants an answer that fits a schema. */
function plainAnswer({ generationConfig }, tool) {
  const schema = generationConfig?.responseJsonSchema ?? generationConfig?.responseSchema
  return tool === undefined && schema !== undefined ? JSON.stringify(fitting(schema)) : 'Done.'
}

function fitting({ type = 'string', enum: choices, properties = {}, minimum = 1 }) {
  if (choices !== undefined) return choices[0]
  const kind = [type].flat()[0].toLowerCase()
  if (kind === 'object')
    return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, fitting(schema)]))
  const values = { array: [], boolean: false, number: minimum, integer: minimum }
  return values[kind] ?? 'fake'
}
