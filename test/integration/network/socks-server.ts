import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'

export interface SocksServer {
  port: Promise<number>
  /** `host:port user password`, in order. */
  asked: string[]
  close(): void
}

/** A SOCKS5 proxy that wants a log-in and knows these places, by ports of this machine's loopback. */
export function socksServer(places: Record<string, number>): SocksServer {
  const asked: string[] = []
  const server = createServer((client) => {
    client.on('error', () => {})
    void serve(client, places, asked).catch(() => client.destroy())
  })
  const port = new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
  return { port, asked, close: () => void server.close() }
}

async function serve(client: Socket, places: Record<string, number>, asked: string[]): Promise<void> {
  const bytes = reader(client)
  const text = async (): Promise<string> => (await bytes((await bytes(1))[0]!)).toString()
  const [, methods] = await bytes(2)
  await bytes(methods!)
  client.write(Buffer.from([5, 2]))
  await bytes(1)
  const login = `${await text()} ${await text()}`
  client.write(Buffer.from([1, 0]))
  await bytes(4)
  const place = `${await text()}:${(await bytes(2)).readUInt16BE()}`
  asked.push(`${place} ${login}`)
  const far = createConnection(places[place] ?? 0, '127.0.0.1')
  far.on('error', () => client.destroy())
  client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
  client.pipe(far).pipe(client)
}

function reader(socket: Socket): (size: number) => Promise<Buffer> {
  return async (size) => {
    for (;;) {
      const got = socket.read(size) as Buffer | null
      if (got !== null) return got
      await new Promise((resolve) => socket.once('readable', resolve))
    }
  }
}
