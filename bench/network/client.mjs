// client.mjs WHAT PORT: the near end, directly or through the proxy that HTTP_PROXY names. Prints JSON.
import net from 'node:net'

const HOST = '127.0.0.2'
const [what, port] = process.argv.slice(2)
const named = process.env.HTTP_PROXY ?? process.env.http_proxy
const proxy = named === undefined ? undefined : new URL(named)
const login =
  proxy === undefined || proxy.username === ''
    ? ''
    : `Proxy-Authorization: Basic ${Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString('base64')}\r\n`

/** A connection to the far end; resolves when it is there. */
function connect() {
  return new Promise((resolve, reject) => {
    const socket = net.connect(
      proxy === undefined
        ? { host: HOST, port: Number(port) }
        : { host: proxy.hostname, port: Number(proxy.port) },
    )
    socket.setNoDelay(true).once('error', reject)
    socket.once('connect', () => {
      if (proxy === undefined) return resolve(socket)
      socket.write(`CONNECT ${HOST}:${port} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n${login}\r\n`)
      socket.once('data', (data) => {
        if (data.toString('latin1').startsWith('HTTP/1.1 200')) resolve(socket)
        else reject(new Error(data.toString('latin1')))
      })
    })
  })
}

/** Bytes that come back; resolves when the answer is complete. */
function get(socket, path, size) {
  return new Promise((resolve, reject) => {
    let got = 0
    let head = ''
    const onData = (data) => {
      if (got === 0 && head !== undefined) {
        head += data.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        got = Buffer.byteLength(head, 'latin1') - end - 4
        head = undefined
      } else got += data.length
      if (got < size) return
      socket.off('data', onData).off('close', onClose)
      resolve(got)
    }
    const onClose = () => reject(new Error(`closed after ${got} bytes`))
    socket.on('data', onData).on('close', onClose)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n\r\n`)
  })
}

const since = (start) => performance.now() - start
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]

const tasks = {
  nothing: () => ({}),
  async throughput() {
    const size = 1 << 30
    const socket = await connect()
    const start = performance.now()
    await get(socket, `/bytes/${size}`, size)
    return { mbPerSecond: size / 1e6 / (since(start) / 1000) }
  },
  /** 1,000 requests, each on a connection of its own, and 1,000 on one. */
  async latency() {
    const fresh = []
    for (let n = 0; n < 1000; n++) {
      const start = performance.now()
      const socket = await connect()
      await get(socket, '/', 2)
      fresh.push(since(start))
      socket.destroy()
    }
    const socket = await connect()
    const kept = []
    for (let n = 0; n < 1000; n++) {
      const start = performance.now()
      await get(socket, '/', 2)
      kept.push(since(start))
    }
    return { fresh: median(fresh), kept: median(kept) }
  },
  /** 500 connections at once, each with 1 MB, and again after all stand. */
  async tunnels() {
    const start = performance.now()
    const sockets = await Promise.all(Array.from({ length: 500 }, connect))
    const got = await Promise.all(sockets.map((socket) => get(socket, '/bytes/1000000', 1_000_000)))
    return { ms: since(start), complete: got.length }
  },
}

process.stdout.write(`${JSON.stringify(await tasks[what]())}\n`, () => process.exit(0))
