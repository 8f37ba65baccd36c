// The far end: `/bytes/N` sends N bytes, everything else two. Prints its port. Loopback, but not 127.0.0.1, which
// clients reach without a proxy.
import http from 'node:http'

const chunk = Buffer.alloc(256 << 10, 'x')

const server = http.createServer((request, response) => {
  const size = Number(/^\/bytes\/(\d+)$/.exec(request.url)?.[1] ?? 0)
  if (size === 0) return response.end('ok')
  response.writeHead(200, { 'content-length': size })
  let left = size
  const more = () => {
    while (left > 0) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk
      left -= part.length
      if (!response.write(part)) return response.once('drain', more)
    }
    response.end()
  }
  more()
})
server.keepAliveTimeout = 0
server.listen({ port: 0, host: '127.0.0.2', backlog: 2048 }, () =>
  process.stdout.write(`${server.address().port}\n`),
)
