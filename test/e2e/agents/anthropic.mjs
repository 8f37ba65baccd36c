// The Anthropic Messages API, as much as Claude Code needs.
import { argumentsFor, newId, nextCommand, textOf } from './script.mjs'

export function anthropic({ body, record, json, stream }) {
  const tool = body.tools?.find(({ name }) => name === 'Bash')
  const parts = (body.messages ?? [])
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) => (typeof content === 'string' ? [{ type: 'text', text: content }] : content))
  record.toolResults = parts
    .filter(({ type }) => type === 'tool_result')
    .map(({ content }) => textOf(content))
  const prompt = textOf(parts.filter(({ type }) => type === 'text'))
  const command = tool === undefined ? undefined : nextCommand(prompt, record.toolResults.length)
  const block =
    command === undefined
      ? { type: 'text', text: 'Done.' }
      : {
          type: 'tool_use',
          id: newId('toolu_'),
          name: tool.name,
          input: argumentsFor(tool.input_schema, command),
        }
  const stop_reason = command === undefined ? 'end_turn' : 'tool_use'
  const message = messageFor(body.model)
  if (body.stream === true) stream(events(message, block, stop_reason))
  else json({ ...message, content: [block], stop_reason })
}

function messageFor(model) {
  const usage = {
    input_tokens: 10,
    output_tokens: 1,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
  }
  const start = { id: newId('msg_'), type: 'message', role: 'assistant', model, content: [] }
  return { ...start, stop_reason: null, stop_sequence: null, usage }
}

function events(message, block, stop_reason) {
  const isText = block.type === 'text'
  const delta = isText
    ? { type: 'text_delta', text: block.text }
    : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) }
  const empty = isText ? { ...block, text: '' } : { ...block, input: {} }
  return [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: empty },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 12 } },
    { type: 'message_stop' },
  ]
}
