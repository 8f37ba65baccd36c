// The OpenAI Responses API, as much as Codex and pi need.
import { argumentsFor, newId, nextCommand, textOf } from './script.mjs'

const SHELLS = ['exec_command', 'shell_command', 'shell', 'local_shell', 'bash']

export function responses({ body, record, json, stream }) {
  const input = Array.isArray(body.input) ? body.input : []
  const tools = toolsOf(body, input)
  record.toolResults = input
    .filter(({ type }) => type?.endsWith('_call_output'))
    .map(({ output }) => textOf(output))
  const prompt = textOf(input.filter(({ role }) => role === 'user').map(({ content }) => content))
  const tool = tools.find(({ name, type }) => SHELLS.includes(name ?? type)) ?? tools.find(isCodeMode)
  const command = tool === undefined ? undefined : nextCommand(prompt, record.toolResults.length)
  const item = command === undefined ? answer() : call(tool, command)
  const begun = begin(body.model)
  const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 }
  const done = { ...begun, status: 'completed', output: [item], usage }
  if (body.stream === true) stream(events(begun, item, done))
  else json(done)
}

/** Newer models get their tools in the input, and tools may stand in namespaces. */
function toolsOf(body, input) {
  const given = [
    ...(body.tools ?? []),
    ...input.filter(({ type }) => type === 'additional_tools').flatMap(({ tools }) => tools ?? []),
  ]
  return given.flatMap((tool) =>
    tool.type === 'namespace' ? (tool.tools ?? []).map((one) => ({ ...one, namespace: tool.name })) : [tool],
  )
}

/** Codex's "code mode": one tool that runs JavaScript, which calls the shell. */
const isCodeMode = ({ type, name }) => type === 'custom' && name === 'exec'

function call(tool, command) {
  const namespace = tool.namespace === undefined ? {} : { namespace: tool.namespace }
  const common = { call_id: newId('call_'), status: 'completed', ...namespace }
  if (isCodeMode(tool)) {
    const script = `const r = await tools.exec_command({cmd: ${JSON.stringify(command)}, yield_time_ms: 10000});\ntext(typeof r === "string" ? r : JSON.stringify(r));`
    return { type: 'custom_tool_call', id: newId('ctc_'), name: tool.name, input: script, ...common }
  }
  if (tool.type === 'local_shell') {
    const action = { type: 'exec', command: ['bash', '-lc', command], env: {} }
    return { type: 'local_shell_call', id: newId('lsh_'), action, ...common }
  }
  const given = JSON.stringify(argumentsFor(tool.parameters, command))
  return { type: 'function_call', id: newId('fc_'), name: tool.name, arguments: given, ...common }
}

function answer() {
  const content = [{ type: 'output_text', text: 'Done.', annotations: [] }]
  return { type: 'message', id: newId('msg_'), role: 'assistant', status: 'completed', content }
}

function begin(model) {
  const created_at = Math.floor(Date.now() / 1000)
  return { id: newId('resp_'), object: 'response', created_at, model, status: 'in_progress', output: [] }
}

function events(begun, item, done) {
  const list = [
    { type: 'response.created', response: begun },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: done },
  ]
  return list.map((event, sequence_number) => ({ ...event, sequence_number }))
}
