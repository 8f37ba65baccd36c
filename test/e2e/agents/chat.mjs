// The OpenAI Chat Completions API, as much as opencode, Copilot, pi and Qwen need.
import { argumentsFor, newId, nextCommand, shellOf, textOf } from './script.mjs'

export function chat({ body, record, json, stream }) {
  const messages = body.messages ?? []
  const tools = (body.tools ?? []).flatMap((tool) => (tool.function === undefined ? [] : [tool.function]))
  record.toolResults = messages.filter(({ role }) => role === 'tool').map(({ content }) => textOf(content))
  const prompt = textOf(messages.filter(({ role }) => role === 'user').map(({ content }) => content))
  const tool = shellOf(tools)
  const command = tool === undefined ? undefined : nextCommand(prompt, record.toolResults.length)
  const call = command === undefined ? undefined : callOf(tool, command)
  const text = call === undefined ? 'Done.' : null
  const reason = call === undefined ? 'stop' : 'tool_calls'
  const common = { id: newId('chatcmpl-'), created: Math.floor(Date.now() / 1000), model: body.model }
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
  if (body.stream !== true) {
    const message = {
      role: 'assistant',
      content: text,
      ...(call === undefined ? {} : { tool_calls: [call] }),
    }
    json({
      ...common,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: reason }],
      usage,
    })
    return
  }
  const delta =
    call === undefined
      ? { role: 'assistant', content: text }
      : { role: 'assistant', content: null, tool_calls: [{ index: 0, ...call }] }
  const chunk = (choices, more = {}) => ({ ...common, object: 'chat.completion.chunk', choices, ...more })
  stream([
    chunk([{ index: 0, delta, finish_reason: null }]),
    chunk([{ index: 0, delta: {}, finish_reason: reason }]),
    chunk([], { usage }),
    '[DONE]',
  ])
}

function callOf(tool, command) {
  const given = JSON.stringify(argumentsFor(tool.parameters, command))
  return { id: newId('call_'), type: 'function', function: { name: tool.name, arguments: given } }
}
