import type { Duplex } from 'node:stream'
import type { Access } from './access.ts'
import { httpFront } from './http.ts'
import { serveSocks } from './socks.ts'
import { collect } from './streams.ts'

const SOCKS5 = 5

/** Serves connections of the box: SOCKS5 or HTTP, told apart by the first byte. */
export function proxy(access: Access): (client: Duplex) => void {
  const http = httpFront(access)
  const plainHttp = http.serveTunnel.bind(http)
  const welcome = async (client: Duplex): Promise<void> => {
    const first = await collect(client, Buffer.alloc(0), (bytes) => bytes)
    if (first === undefined) return void client.destroy()
    if (first.bytes[0] === SOCKS5) return serveSocks(access, client, first.bytes, plainHttp)
    client.unshift(first.bytes)
    http.serve(client)
    client.resume()
  }
  return (client) => {
    client.on('error', () => client.destroy())
    void welcome(client)
  }
}
