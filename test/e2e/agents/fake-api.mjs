// A model API on loopback that real agent CLIs accept. Every conversation goes: the model calls the shell
// tool with the commands that the prompt names (RUN{{…}}), and then answers with text.
import http from 'node:http'
import https from 'node:https'
import zlib from 'node:zlib'
import { anthropic } from './anthropic.mjs'
import { chat } from './chat.mjs'
import { countTokens, gemini } from './gemini.mjs'
import { responses } from './responses.mjs'

const routes = [
  { method: 'POST', path: /\/messages$/, answer: anthropic },
  { method: 'POST', path: /\/responses$/, answer: responses },
  { method: 'POST', path: /\/count_tokens$/, answer: ({ json }) => json({ input_tokens: 10 }) },
  { method: 'POST', path: /\/chat\/completions$/, answer: chat },
  { method: 'POST', path: /:(stream)?[gG]enerateContent$/, answer: gemini },
  { method: 'POST', path: /:countTokens$/, answer: countTokens },
  { method: 'GET', path: /\/models$/, answer: ({ json }) => json(models) },
  { method: 'HEAD', path: /./, answer: ({ json }) => json({}) },
]

const fakeModel = { id: 'fake-model', object: 'model', type: 'model', display_name: 'Fake' }
const models = { object: 'list', data: [fakeModel], models: [], has_more: false }

/**
 * Resolves to `{ port, requests, close }`; speaks https if given `tls`, `{ key, cert }`; `first` are routes that go
 * before its own. `requests` grows: each has `path`, `text` (all that was sent: head and decoded body), `readable`
 * (false if the body could not be decoded) and `toolResults`.
 */
export function startFakeApi({ tls, host = '127.0.0.1', first = [] } = {}) {
  const requests = []
  const all = [...first, ...routes]
  const answer = (request, response) => void serve(request, response, requests, all)
  const server = tls === undefined ? http.createServer(answer) : https.createServer(tls, answer)
  server.on('upgrade', (request, socket) => {
    requests.push({ path: request.url, text: head(request), readable: true, toolResults: [] })
    socket.end('HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
  })
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, host, () => resolve({ port: server.address().port, requests, close }))
  })
}

async function serve(request, response, requests, all) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const raw = decode(Buffer.concat(chunks), request.headers['content-encoding'])
  const record = {
    path: request.url,
    text: `${head(request)}\n${raw ?? ''}`,
    readable: raw !== undefined,
    toolResults: [],
  }
  requests.push(record)
  const { pathname } = new URL(request.url, 'http://x')
  const route = all.find(({ method, path }) => method === request.method && path.test(pathname))
  if (route === undefined) return reply(response, 404, { error: { message: `no route ${pathname}` } })
  try {
    route.answer({ body: parse(raw, request.headers), record, path: pathname, ...writers(response) })
  } catch (error) {
    reply(response, 500, { error: { message: String(error) } })
  }
}

const head = ({ method, url, rawHeaders }) => `${method} ${url}\n${rawHeaders.join('\n')}`

const decoders = {
  gzip: zlib.gunzipSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
}

function decode(bytes, encoding) {
  if (encoding === undefined || encoding === 'identity') return bytes.toString('utf8')
  return decoders[encoding]?.(bytes).toString('utf8')
}

function parse(text, { 'content-type': type = '' }) {
  return text === undefined || text === '' || type.includes('form') ? {} : JSON.parse(text)
}

function reply(response, status, value) {
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

/** `json` answers at once; `stream` sends server-sent events, named where they have a `type`. */
function writers(response) {
  return {
    json: (value) => reply(response, 200, value),
    stream: (events) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      for (const event of events) response.write(eventText(event))
      response.end()
    },
  }
}

function eventText(event) {
  if (typeof event === 'string') return `data: ${event}\n\n`
  const name = event.type === undefined ? '' : `event: ${event.type}\n`
  return `${name}data: ${JSON.stringify(event)}\n\n`
}
